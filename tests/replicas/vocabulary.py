"""The words invented notices are made of.

Place names and their GB/T 2260 codes are facts; every institution, firm, person and project is made up from
the stems below, which were chosen to be improbable.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from opportunity.notice import Region

Category = Literal["goods", "works", "services"]

NOTE = "本页为本机演示副本，内容系虚构"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A county-level division: its code and the three names it is written with."""

    code: str
    province: str
    city: str
    county: str

    @property
    def region(self) -> Region:
        return Region(code=self.code, name=self.full)

    @property
    def full(self) -> str:
        return f"{self.province}{self.city}{self.county}"

    @property
    def short(self) -> str:
        return f"{self.city or self.province}{self.county}"


_places = """
320102 江苏省 南京市 玄武区|320104 江苏省 南京市 秦淮区|320115 江苏省 南京市 江宁区|320118 江苏省 南京市 高淳区
320205 江苏省 无锡市 锡山区|320281 江苏省 无锡市 江阴市|320282 江苏省 无锡市 宜兴市|320303 江苏省 徐州市 云龙区
320382 江苏省 徐州市 邳州市|320322 江苏省 徐州市 沛县|320412 江苏省 常州市 武进区|320481 江苏省 常州市 溧阳市
320506 江苏省 苏州市 吴中区|320581 江苏省 苏州市 常熟市|320583 江苏省 苏州市 昆山市|320585 江苏省 苏州市 太仓市
320613 江苏省 南通市 崇川区|320682 江苏省 南通市 如皋市|320623 江苏省 南通市 如东县|320706 江苏省 连云港市 海州区
320722 江苏省 连云港市 东海县|320812 江苏省 淮安市 清江浦区|320826 江苏省 淮安市 涟水县|320902 江苏省 盐城市 亭湖区
320981 江苏省 盐城市 东台市|321003 江苏省 扬州市 邗江区|321084 江苏省 扬州市 高邮市|321102 江苏省 镇江市 京口区
321183 江苏省 镇江市 句容市|321202 江苏省 泰州市 海陵区|321281 江苏省 泰州市 兴化市|321302 江苏省 宿迁市 宿城区
321322 江苏省 宿迁市 沭阳县|110105 北京市 - 朝阳区|110108 北京市 - 海淀区|120101 天津市 - 和平区
130102 河北省 石家庄市 长安区|140105 山西省 太原市 小店区|150102 内蒙古自治区 呼和浩特市 新城区
210102 辽宁省 沈阳市 和平区|210202 辽宁省 大连市 中山区|220102 吉林省 长春市 南关区|230102 黑龙江省 哈尔滨市 道里区
310115 上海市 - 浦东新区|330106 浙江省 杭州市 西湖区|330110 浙江省 杭州市 余杭区|330206 浙江省 宁波市 北仑区
330212 浙江省 宁波市 鄞州区|330782 浙江省 金华市 义乌市|340104 安徽省 合肥市 蜀山区|350102 福建省 福州市 鼓楼区
350203 福建省 厦门市 思明区|360102 江西省 南昌市 东湖区|370102 山东省 济南市 历下区|370212 山东省 青岛市 崂山区
410105 河南省 郑州市 金水区|420106 湖北省 武汉市 武昌区|420111 湖北省 武汉市 洪山区|430102 湖南省 长沙市 芙蓉区
440106 广东省 广州市 天河区|440305 广东省 深圳市 南山区|440306 广东省 深圳市 宝安区|450103 广西壮族自治区 南宁市 青秀区
460105 海南省 海口市 秀英区|500103 重庆市 - 渝中区|510104 四川省 成都市 锦江区|510107 四川省 成都市 武侯区
520102 贵州省 贵阳市 南明区|530302 云南省 曲靖市 麒麟区|540102 西藏自治区 拉萨市 城关区|610113 陕西省 西安市 雁塔区
620102 甘肃省 兰州市 城关区|630102 青海省 西宁市 城东区|640104 宁夏回族自治区 银川市 兴庆区
650102 新疆维吾尔自治区 乌鲁木齐市 天山区
"""


def _place(line: str) -> Place:
    code, province, city, county = line.split()
    return Place(code=code, province=province, city="" if city == "-" else city, county=county)


PLACES: tuple[Place, ...] = tuple(_place(part) for part in _places.replace("\n", "|").split("|") if part.strip())
JIANGSU: tuple[Place, ...] = tuple(place for place in PLACES if place.province == "江苏省")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of goods, works or services: unit of counting and the range of a whole budget in 元."""

    name: str
    category: Category
    unit: str
    low: Decimal
    high: Decimal


# name unit low high (万元)
_goods = """
24口交换机 台 8 160|48口万兆核心交换机 台 30 400|1.5匹空调 台 5 120|3匹柜式空调 台 8 200|台式计算机 台 10 500
便携式计算机 台 10 300|激光打印机 台 3 60|A4复印纸 箱 3 40|国产化服务器及存储设备 套 60 900|网络安全防火墙 台 20 260
PD1728_A型多功能电力仪表 只 5 90|UPS不间断电源 套 10 150|彩色多普勒超声诊断仪 台 120 400|1.5T磁共振成像系统 套 500 1200
全自动生化分析仪 台 60 300|DR数字化X射线摄影系统 套 80 260|医用病床及床头柜 张 20 180|学生课桌椅 套 15 200
办公家具 批 10 160|食堂厨房设备 批 20 220|学生校服 套 30 300|馆藏图书 册 10 150|多媒体教学一体机 台 40 380
LED全彩显示屏 平方米 25 280|执法记录仪 台 8 90|巡检无人机 架 20 180|高压洒水车 辆 45 260|压缩式垃圾车 辆 60 420
新能源公交车 辆 500 3000|负压救护车 辆 60 350|消防员防护装备 套 20 240|高低压配电柜 面 40 500|柴油发电机组 台 30 260
潜水排污泵及阀门 台 15 200|电梯及安装 部 60 700|7kW交流充电桩 个 20 240|LED路灯灯具 盏 15 260|道路标线涂料 吨 10 120
实验室通风柜 台 10 90|气相色谱质谱联用仪 台 60 260|场发射扫描电子显微镜 台 200 700|植保无人机 架 12 120
商品有机肥 吨 10 160|行道树苗木 株 10 200|疫苗冷链冰箱 台 8 80|净水设备 套 10 120|健身路径器材 套 10 100|智能门锁 把 6 60
"""
_services = """
物业管理服务 年 40 600|保安服务 年 30 400|保洁服务 年 20 260|食堂餐饮服务 年 40 500|智慧城市运行管理平台 项 120 3000
安防监控系统运维服务 年 15 220|政务云租赁服务 年 60 900|数据治理服务 项 40 600|网络安全等级保护测评服务 项 8 80
应用软件定制开发 项 30 800|财务审计服务 项 8 120|法律顾问服务 年 5 60|工程造价咨询服务 项 10 150|工程监理服务 项 20 300
勘察设计服务 项 30 500|国土空间规划编制服务 项 40 400|大气环境监测服务 年 20 240|污水处理设施委托运营 年 80 900
生活垃圾分类清运服务 年 60 900|城市绿化养护 年 40 500|河道保洁服务 年 20 260|公务车辆租赁服务 年 10 160
公务用车维修保养服务 年 8 90|文件印刷服务 年 5 70|会务服务 项 5 60|职业技能培训服务 项 10 120|职工健康体检服务 项 15 180
居家养老服务 年 30 300|课后托管服务 年 20 200|形象宣传片制作 项 8 90|机动车辆保险服务 年 6 80|档案数字化加工服务 项 20 260
林业有害生物防治服务 项 15 200|地质灾害监测预警服务 项 20 220|排水管网检测服务 项 30 400|电子政务外网线路租赁 年 20 300
"""
_works = """
在建工程消防设施改造 项 60 900|老旧小区综合改造 项 200 6000|市政道路改造提升 项 300 9000|污水管网改造 项 200 5000
雨污分流改造 项 150 4000|农村公路提档升级 公里 200 5000|桥梁加固维修 座 80 1500|小学教学楼新建 栋 800 9000
门诊楼装饰装修 项 120 2500|屋面防水维修 项 20 260|综合楼智能化工程 项 80 1200|边坡地质灾害治理 处 60 900
河道综合整治 项 200 4000|高标准农田建设 亩 300 5000|公园绿化提升 项 80 1200|停车场新建 处 60 900|路灯照明改造 项 40 600
1-8号线站台门更新改造 项 300 6000|18号线区间照明改造 项 100 900|10kV变电站增容 座 80 900|屋顶分布式光伏 兆瓦 100 1500
中压燃气管道敷设 公里 60 900|体育场看台维修 项 40 500|古建筑修缮保护 项 50 700|学生公寓外墙翻新 栋 30 400
"""


def _kinds(text: str, category: Category) -> list[Kind]:
    found = []
    for part in text.replace("\n", "|").split("|"):
        if part.strip():
            name, unit, low, high = part.split()
            found.append(Kind(name=name, category=category, unit=unit, low=Decimal(low), high=Decimal(high)))
    return found


KINDS: tuple[Kind, ...] = (*_kinds(_goods, "goods"), *_kinds(_services, "services"), *_kinds(_works, "works"))

STEMS = (
    "鹤屿", "砚池", "岚桥", "澄砚", "栎舟", "苇渡", "汀野", "槐序", "霁川", "棠岭", "沅禾", "蓼汀", "筠溪", "皋月", "稷原", "珩山", "枫泾渡",
    "砥石", "椿里", "澹湾",
)
BODIES = (
    "{stem}中心小学", "{stem}高级中学", "{stem}实验学校", "{stem}社区卫生服务中心", "{stem}康复医院", "{stem}街道办事处",
    "{stem}镇人民政府", "{stem}水务管理站", "{stem}园林养护中心", "{stem}数据服务中心", "{stem}公路事业发展中心",
    "{stem}文化馆", "{stem}职业技术学院", "{stem}消防救援站", "{stem}生态环境监测站",
)
COMPANY_BODIES = (
    "{stem}轨道交通运营有限公司", "{stem}城市建设投资有限公司", "{stem}水利建设发展有限公司", "{stem}产业园开发有限公司",
    "{stem}公共交通有限公司",
)
CENTRAL_BODIES = ("{stem}海事测绘中心", "{stem}气象装备中心", "{stem}国家实验室", "{stem}海关技术中心", "{stem}地震台网中心")
AGENCIES = ("{stem}招标代理有限公司", "{stem}工程咨询有限公司", "{stem}项目管理有限公司", "{stem}国际招标有限公司")
FIRMS = {
    "goods": ("{stem}科技有限公司", "{stem}医疗器械有限公司", "{stem}机电设备有限公司", "{stem}商贸有限公司"),
    "services": ("{stem}信息技术有限公司", "{stem}物业服务有限公司", "{stem}环境服务股份有限公司", "{stem}咨询有限公司"),
    "works": ("{stem}建设集团有限公司", "{stem}市政工程有限公司", "{stem}建筑安装工程有限公司", "{stem}水利工程有限公司"),
}
PEOPLE = ("甲先生", "乙女士", "丙工", "丁老师", "戊女士", "己先生")
PHONE = "0000-0000000"
ROADS = ("澄砚路", "栎舟大道", "苇渡街", "槐序巷", "棠岭路")
BRANDS = ("鹤屿牌", "砚池牌", "岚桥牌", "霁川牌")
