"""One stack on one folder."""

from __future__ import annotations

import pytest

from config.stack.data_folder import AlreadyRuns, DataFolder, is_running


def test_it_lets_one_stack_in_at_a_time(folder):
    with folder.held(), pytest.raises(AlreadyRuns), DataFolder(folder.path).held():
        pass
    with folder.held():
        pass


def test_it_knows_whether_a_stack_runs(folder):
    assert not is_running(folder.path)
    with folder.held():
        assert is_running(folder.path)
    assert not is_running(folder.path)


def test_it_forgets_what_a_killed_stack_wrote(folder):
    folder.path.mkdir()
    folder.running.write_text("PUBLIC_URL=http://127.0.0.1:1\n")
    with folder.held():
        assert not folder.running.exists()


def test_it_uses_the_sockets_folder_of_a_killed_stack_again(folder):
    folder.path.mkdir()
    with folder.sockets() as first:
        (folder.path / "sockets").write_text(str(first))
        with folder.sockets() as second:
            assert second == first


def test_it_makes_another_sockets_folder_where_others_may_enter_the_old_one(folder, tmp_path):
    open_to_all = tmp_path / "open"
    open_to_all.mkdir(mode=0o755)
    folder.path.mkdir()
    (folder.path / "sockets").write_text(str(open_to_all))
    with folder.sockets() as made:
        assert made != open_to_all
        assert made.stat().st_mode & 0o777 == 0o700
    assert not made.exists()
