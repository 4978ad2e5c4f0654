"""Invented notices in the layouts that portals use, each with what a careful reader finds in it.

Names, numbers and places' bodies are made up; telephone numbers are 0000-0000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``body`` is HTML or plain text; ``expected`` holds every field a reader would state, as JSON values."""

    layout: str
    title: str
    body: str
    expected: dict[str, Any]


CASES = (
    Case(
        layout="公开招标公告, form of 2020, line by line",
        title="栎舟市第三中学智慧教室设备采购项目公开招标公告",
        body="""项目概况
栎舟市第三中学智慧教室设备采购项目 招标项目的潜在投标人应在演示交易平台获取招标文件，并于 2026年04月09日 09点00分（北京时间）前递交投标文件。
一、项目基本情况
项目编号：YSZC2026-G1-00031
项目名称：栎舟市第三中学智慧教室设备采购项目
预算金额：186.500000万元（人民币）
最高限价：1800000元
采购需求：详见附件
合同履行期限：自合同签订之日起60日内
本项目不接受联合体投标。
三、获取招标文件
时间：2026年03月17日至2026年03月23日，每天上午8:30至12:00，下午13:30至17:30（北京时间，法定节假日除外）
地点：演示交易平台
售价：0元
四、提交投标文件截止时间、开标时间和地点
2026年04月09日 09点00分（北京时间）
地点：临江大道1号开标室
七、对本次招标提出询问，请按以下方式联系。
1.采购人信息
名    称：江苏省宿迁市沭阳县栎舟第三中学
地    址：江苏省宿迁市沭阳县人民路9号
联系方式：0000-0000
2.采购代理机构信息
名    称：皋月（上海）招标代理有限公司
地    址：上海市静安区某路1号
联系方式：0000-0000""",
        expected={
            "type": "tender", "project_number": "YSZC2026-G1-00031", "budget": 1865000, "ceiling_price": 1800000,
            "registration_end": "2026-03-23T17:30:00+08:00", "deadline": "2026-04-09T09:00:00+08:00",
            "opening_time": "2026-04-09T09:00:00+08:00", "buyer": "江苏省宿迁市沭阳县栎舟第三中学",
            "agency": "皋月（上海）招标代理有限公司", "region": "321322",
        },
    ),
    Case(
        layout="竞争性磋商, headings carry the meaning of 时间",
        title="枫泾渡文化馆布展服务竞争性磋商公告",
        body="""一、项目基本情况
项目编号：FJ-CS-2026-07
采购方式：竞争性磋商
预算金额（元）：520000
三、获取采购文件
时间：2026年5月6日至2026年5月12日
四、响应文件提交
截止时间：2026年5月18日14时30分（北京时间）
地点：浙江省宁波市海曙区某路
五、开启
时间：2026年5月18日14时30分（北京时间）
八、凡对本次采购提出询问，请按以下方式联系
1、采购人信息
单位名称：宁波市鄞州区枫泾渡文化馆
2、采购代理机构信息（如有）
单位名称：砥石项目管理有限公司""",
        expected={
            "type": "consultation", "project_number": "FJ-CS-2026-07", "budget": 520000, "registration_end": "2026-05-12",
            "deadline": "2026-05-18T14:30:00+08:00", "opening_time": "2026-05-18T14:30:00+08:00",
            "buyer": "宁波市鄞州区枫泾渡文化馆", "agency": "砥石项目管理有限公司", "region": "330212",
        },
    ),
    Case(
        layout="works notice, numbered paragraphs, running text",
        title="筠溪片区市政道路改造工程施工招标公告",
        body="""1. 招标条件
本招标项目筠溪片区市政道路改造工程已由某局批准建设，项目业主为筠溪城市建设投资有限公司，招标人为筠溪城市建设投资有限公司，建设资金来自财政资金。
2. 项目概况与招标范围
2.1建设地点：湖北省宜昌市兴山县古夫镇。
2.2工程总投资3600万元，本次招标控制价：21397581.58元。
2.3计划工期：365日历天。
3. 投标人资格要求
3.1近三年承担过单项合同金额不少于1500万元的类似工程。
4. 招标文件的获取
4.1凡有意参加投标者，请于2026年3月1日9:00时至2026年3月5日17:00时止，登录演示平台下载招标文件。
4.2招标文件提问截止时间：2026年3月8日11时00分前。
5. 投标保证金
5.1金额：人民币叁拾万元整（￥300000元）
5.2投标保证金的到账截止时间：2026年3月20日15时
6. 投标文件的递交
6.1投标文件递交的截止时间（投标截止时间，下同）和开标时间为2026年3月21日9时30分。
8. 联系方式
招 标 人：筠溪城市建设投资有限公司    招标代理机构：澹湾工程咨询有限公司
地    址：兴山县某路1号               地    址：武汉市某路2号
2026年2月28日""",
        expected={
            "type": "tender", "ceiling_price": 21397581.58, "registration_end": "2026-03-05T17:00:00+08:00",
            "question_end": "2026-03-08T11:00:00+08:00", "deposit": 300000, "deposit_due": "2026-03-20T15:00:00+08:00",
            "deadline": "2026-03-21T09:30:00+08:00", "opening_time": "2026-03-21T09:30:00+08:00",
            "buyer": "筠溪城市建设投资有限公司", "agency": "澹湾工程咨询有限公司", "region": "420526", "published": "2026-02-28",
        },
    ),
    Case(
        layout="table of label and value cells, two pairs a row",
        title="苇渡镇排水管网工程中标结果公告",
        body="""<table>
<tr><td>招标人:</td><td>苇渡镇水务投资有限公司</td><td>建设地点</td><td>兴山县苇渡村</td></tr>
<tr><td>招标机构:</td><td>世纪（湖北）项目管理有限公司</td><td>标段(包)编号:</td><td>WDA070002-202402-01(2)</td></tr>
<tr><td>中标人:</td><td colspan="3">湖北砥石建设工程有限公司</td></tr>
<tr><td>中标价(元):</td><td>20797381.58</td><td>履约期限(天):</td><td>730</td></tr>
<tr><td>公告发布日期:</td><td colspan="3">2026-03-24</td></tr></table>""",
        expected={
            "type": "award", "buyer": "苇渡镇水务投资有限公司", "agency": "世纪（湖北）项目管理有限公司",
            "project_number": "WDA070002-202402-01(2)", "suppliers": ["湖北砥石建设工程有限公司"], "award_amount": 20797381.58,
            "published": "2026-03-24", "region": "420526",
        },
    ),
    Case(
        layout="header row over one lot, unit in the header",
        title="稷原职业学院实训平台采购项目采购公告",
        body="""<p>项目编号：JY-2026-118</p><table>
<tr><td>标段</td><td>项目内容</td><td>数量</td><td>采购预算（最高限价）（万元）</td></tr>
<tr><td>一</td><td>实训平台</td><td>1套</td><td>70</td></tr></table>
<p>投标文件递交的截止时间为2026年6月1日上午9时。</p><p>采购人：稷原职业学院</p>""",
        expected={
            "type": "tender", "project_number": "JY-2026-118", "budget": 700000, "ceiling_price": 700000,
            "deadline": "2026-06-01T09:00:00+08:00", "buyer": "稷原职业学院",
        },
    ),
    Case(
        layout="table flattened to one cell a line",
        title="棠岭区融媒体中心线路维护中标（成交）结果公告",
        body="""一、项目编号：N5100022026000012
二、项目名称：线路维护
三、采购结果
采购包1:
供应商名称
供应商地址
中标（成交）金额
评审价格
棠岭广电网络股份有限公司
四川省巴中市某路87号
447,500.00元
合计（总价）：447500元
六、代理服务收费标准及金额：
0.678万元
九、凡对本次公告内容提出询问，请按以下方式联系。
1.采购人信息
名称：
四川省巴中市巴州区棠岭融媒体中心
2.采购代理机构信息
名称：
四川椿里工程咨询有限公司""",
        expected={
            "type": "award", "project_number": "N5100022026000012", "suppliers": ["棠岭广电网络股份有限公司"], "award_amount": 447500,
            "buyer": "四川省巴中市巴州区棠岭融媒体中心", "agency": "四川椿里工程咨询有限公司", "region": "511902",
        },
    ),
    Case(
        layout="OCR-like pieces over many lines",
        title="霁川交城置业热水系统设备询价公告",
        body="""项目编
号
：SWU2026-0661
一、获取询价文件
时间：2026
年
3
月
17
日
9
:00至
2026
年
3
月
19
日
17
：
00
二、提交响应
文件
截止时间：2026
年3月20
日10
：
00
七、联系方式
采购人信
息
名 称
：霁川交城置业有限责任公司""",
        expected={
            "type": "inquiry", "project_number": "SWU2026-0661", "registration_end": "2026-03-19T17:00:00+08:00",
            "deadline": "2026-03-20T10:00:00+08:00", "buyer": "霁川交城置业有限责任公司",
        },
    ),
    Case(
        layout="correction with before and after in one sentence",
        title="岚桥小学激光打印机采购项目更正公告",
        body="""一、项目基本情况
原公告的采购项目编号：YSXJ2026-0009
首次公告日期：2026年10月10日
二、更正信息
更正内容：原提交响应文件截止时间、开启时间：2026年10月21日 09点00分，现更正为：2026年10月26日 9:00。
更正日期：2026年10月12日
1.采购人信息
名称：岚桥小学""",
        expected={
            "type": "correction", "project_number": "YSXJ2026-0009", "deadline": "2026-10-26T09:00:00+08:00",
            "opening_time": "2026-10-26T09:00:00+08:00", "published": "2026-10-12", "buyer": "岚桥小学",
        },
    ),
    Case(
        layout="correction with columns before and after",
        title="砚池街道办事处会务服务项目更正公告（一次）",
        body="""<p>原公告项目编号：YC-092</p><table><tr><td>序号</td><td>更正项</td><td>更正前内容</td><td>更正后内容</td></tr>
<tr><td>1</td><td>提交投标文件截止时间和开标时间</td><td>2026年11月12日 14:00</td><td>2026年11月17日下午3时</td></tr></table>
<p>招标人：砚池街道办事处</p>""",
        expected={
            "type": "correction", "project_number": "YC-092", "deadline": "2026-11-17T15:00:00+08:00",
            "opening_time": "2026-11-17T15:00:00+08:00", "buyer": "砚池街道办事处",
        },
    ),
    Case(
        layout="candidates ranked in a table",
        title="澄砚片区小学新建工程中标候选人公示",
        body="""<p>招标编号：CY20260007</p><p>招标控制价：3200万元</p><table>
<tr><td>排名</td><td>中标候选人名称</td><td>投标报价（元）</td><td>工期</td></tr>
<tr><td>1</td><td>湖北甲山建设有限公司</td><td>30100000.00</td><td>300</td></tr>
<tr><td>2</td><td>湖北乙水建设有限公司</td><td>30200000.00</td><td>300</td></tr>
<tr><td>3</td><td>湖北丙石建设有限公司</td><td>30300000.00</td><td>300</td></tr></table>
<p>招标人：澄砚教育投资有限公司</p>""",
        expected={
            "type": "candidate", "project_number": "CY20260007", "ceiling_price": 32000000, "buyer": "澄砚教育投资有限公司",
            "suppliers": ["湖北甲山建设有限公司", "湖北乙水建设有限公司", "湖北丙石建设有限公司"],
        },
    ),
    Case(
        layout="failed tender under the title of a result",
        title="蓼汀中学课桌椅采购项目结果公告",
        body="""一、项目编号：LT-2026-5
二、项目名称：课桌椅采购
三、废标理由：递交投标文件的供应商不足三家，本项目作废标处理。
投标人：甲家具有限公司、乙家具有限公司
1.采购人信息
名称：蓼汀中学""",
        expected={"type": "termination", "project_number": "LT-2026-5", "buyer": "蓼汀中学"},
    ),
    Case(
        layout="contract notice",
        title="德清县鹤屿体育中心用车服务采购项目合同公告",
        body="""一、合同编号：HT-11
二、合同名称：用车服务合同
三、项目编号：HY-2025-JC57
四、项目名称：用车服务
五、合同主体
采购人（甲方）：德清县鹤屿体育中心
地址：浙江省德清县某路
供应商（乙方）：湖州鹤屿旅游汽车服务有限公司
六、合同主要信息
合同金额：壹拾捌万元整（￥180000.00）
合同签订日期：2026-03-01
合同公告日期：2026-03-02""",
        expected={
            "type": "contract", "project_number": "HY-2025-JC57", "buyer": "德清县鹤屿体育中心",
            "suppliers": ["湖州鹤屿旅游汽车服务有限公司"], "award_amount": 180000, "published": "2026-03-02", "region": "330521",
        },
    ),
    Case(
        layout="enterprise notice in one stream without lines",
        title="珩山轨道交通有限公司座椅面料采购公告",
        body="椿里招标有限公司受珩山轨道交通有限公司的委托，就座椅面料进行公开招标。项目编号：HS-26-9。1.3 预算/采购控制价：本次预算/采购控制价总价（含税）为"
             "人民币 29.3341 万元，高于控制价的作无效处理。四、投标保证金：人民币伍仟元整。五、投标文件的递交 投标截止时间及开标时间：2026-07-08 14:30。",
        expected={
            "type": "tender", "project_number": "HS-26-9", "buyer": "珩山轨道交通有限公司", "agency": "椿里招标有限公司", "budget": 293341,
            "ceiling_price": 293341, "deposit": 5000, "deadline": "2026-07-08T14:30:00+08:00", "opening_time": "2026-07-08T14:30:00+08:00",
        },
    ),
    Case(
        layout="single source",
        title="霁川医院放疗设备维保单一来源采购公示",
        body="""一、项目信息
采购人：北京市朝阳区霁川医院
项目名称：放疗设备维保
预算金额：86万元
三、拟定供应商信息
拟定供应商名称：某医疗设备（中国）有限公司
地址：上海市""",
        expected={
            "type": "single_source", "buyer": "北京市朝阳区霁川医院", "budget": 860000, "suppliers": ["某医疗设备（中国）有限公司"],
            "region": "110105",
        },
    ),
)
