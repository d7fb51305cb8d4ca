"""With a tiny checkpoint made here: random weights, whose generation settings allow one word, a JSON object."""

import importlib
import importlib.util
import json
import sys

import pytest

from sm_jax.errors import UserError
from sm_jax.text.describers.transformers import model
from sm_jax.text.describers.vlm import describer
from tests.text.describers.test_pictures import beside, filmed

WORDS = ("torch", "transformers", "PIL", "accelerate")
missing = [name for name in WORDS if importlib.util.find_spec(name) is None]
local = pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not installed: pip install '.[vlm-local]'")
TEMPLATE = (
    "{% for m in messages %}{{ m.role }}: {% for part in m.content %}"
    "{% if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}{% endfor %}\n{% endfor %}"
)
HUG = json.dumps({"description": "They hug."})


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("SM_JAX_CACHE", str(tmp_path / "cache"))


def checkpoint(folder, only_word: str, template: str | None = TEMPLATE) -> str:
    """A LLaVA of a few thousand parameters that says `only_word`, again and again."""
    import tokenizers

    hf = importlib.import_module("transformers")
    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({"<unk>": 0, "<s>": 1, "</s>": 2, "<image>": 3, only_word: 4}, unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    fast = hf.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="</s>"
    )
    fast.add_special_tokens({"additional_special_tokens": ["<image>"]})
    side = {"height": 28, "width": 28}
    images = hf.CLIPImageProcessor(size=side, crop_size=side)
    processor = hf.LlavaProcessor(
        images, fast, patch_size=14, vision_feature_select_strategy="default", num_additional_image_tokens=1
    )
    processor.chat_template = template
    processor.save_pretrained(folder)
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    network = hf.LlavaForConditionalGeneration(
        hf.LlavaConfig(
            vision_config=hf.CLIPVisionConfig(**small, image_size=28, patch_size=14),
            text_config=hf.LlamaConfig(**small, vocab_size=8, num_key_value_heads=2),
            image_token_index=3,
            vision_feature_layer=-1,
        )
    )
    network.generation_config.suppress_tokens = [0, 1, 2, 3, 5, 6, 7]
    network.generation_config.eos_token_id = network.generation_config.pad_token_id = 2
    network.save_pretrained(folder)
    return str(folder)


@local
def test_a_local_checkpoint_describes_and_is_remembered(tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    path = checkpoint(tmp_path / "eyes", HUG)
    said = describer(model(path, 5), 3)(filmed(beside()))
    assert said.text == "They hug." and said.source == path
    monkeypatch.setitem(sys.modules, "transformers", None)
    assert describer(model(path, 5), 3)(filmed(beside())) == said
    assert "answered from the cache" in caplog.text
    (tmp_path / "eyes" / "README.md").write_text("other weights")
    with pytest.raises(UserError, match=r"needs transformers; pip install 'sm_jax\[vlm-local\]'"):
        describer(model(path, 5), 3)(filmed(beside()))


@local
def test_a_local_checkpoint_that_says_nothing_useful(tmp_path):
    with pytest.raises(UserError, match="two tries"):
        describer(model(checkpoint(tmp_path / "eyes", "hug"), 5), 2)(filmed(beside()))


@local
def test_what_cannot_be_loaded_or_asked(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty cannot be loaded") as caught:
        describer(model(str(tmp_path / "empty")), 2)(filmed(beside()))
    assert str(caught.value).isprintable()
    path = checkpoint(tmp_path / "pickled", HUG)
    (tmp_path / "pickled" / "model.safetensors").rename(tmp_path / "pickled" / "pytorch_model.bin")
    with pytest.raises(UserError, match="pickled cannot be loaded"):
        describer(model(path), 2)(filmed(beside()))
    path = checkpoint(tmp_path / "mute", HUG, template=None)
    with pytest.raises(UserError, match="mute cannot answer"):
        describer(model(path, 5), 2)(filmed(beside()))


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(UserError, match=r"needs PIL; pip install 'sm_jax\[vlm-local\]'"):
        describer(model("someone/model"), 2)(filmed(beside()))
