"""The name of the code: of a commit, of a changed tree, and of a package in somebody else's repository."""

import subprocess

import pytest

from sm_jax.pipeline.provenance import code_version


def git(folder, *arguments):
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def make_package(folder):
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("a = 1\n")
    return folder


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    package = make_package(tmp_path / "repository" / "package")
    git(package.parent, "init", "-q")
    git(package.parent, "add", ".")
    git(package.parent, "commit", "-qm", "first")
    return package


@pytest.fixture(autouse=True)
def fresh():
    code_version.cache_clear()
    yield
    code_version.cache_clear()


def name(package):
    code_version.cache_clear()
    return code_version(package)


def test_a_clean_tree_is_its_commit(repository, monkeypatch):
    commit = git(repository, "rev-parse", "--short=12", "HEAD").strip()
    (repository.parent / "notes.txt").write_text("beside the package")
    assert name(repository) == commit
    monkeypatch.setenv("GIT_DIR", str(repository))  # as within a hook
    assert name(repository) == commit


def test_each_change_has_a_name_of_its_own(repository):
    names = [name(repository)]
    for change in (("__init__.py", "a = 2\n"), ("__init__.py", "a = 3\n"), ("new.py", ""), ("newer.py", "")):
        (repository / change[0]).write_text(change[1])
        names.append(name(repository))
    assert len(set(names)) == 5 and all(each.startswith(f"{names[0]}+") for each in names[1:])
    (repository / "__pycache__").mkdir()
    (repository / "__pycache__" / "new.pyc").write_text("compiled")
    assert name(repository) == names[-1]


def test_a_foreign_repository_s_commit_is_never_named(repository, tmp_path):
    """Installed in an environment inside another repository, ignored there or even kept in it; and in none."""
    (repository.parent / ".gitignore").write_text("environment\n")
    installed = make_package(repository.parent / "environment" / "package")
    assert name(installed).startswith("unknown+")
    (repository.parent / ".gitignore").unlink()
    git(repository.parent, "add", ".")
    git(repository.parent, "commit", "-qm", "the environment too")
    assert name(installed).startswith("unknown+")
    alone = make_package(tmp_path / "alone" / "package")
    assert name(alone) == name(installed)
    (alone / "__init__.py").write_text("a = 2\n")
    assert name(alone) != name(installed)
