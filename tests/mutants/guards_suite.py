"""The list of guards is of the code as it is: running it takes too long for every `make test`."""

from mutants import guards


def every_guard_of_the_list_stands_in_the_source_once() -> None:
    problems = [problem for guard in guards.read() if (problem := guard.problem())]
    assert not problems, "\n".join(problems)


def no_guard_is_listed_twice() -> None:
    listed = [(g.file, g.find, g.replace) for g in guards.read()]
    assert len(set(listed)) == len(listed)
    names = [g.guard for g in guards.read()]
    assert len(set(names)) == len(names)
