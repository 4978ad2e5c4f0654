"""When sources are crawled: our own timetable, one scheduler by lease, each (source, slot) once."""
