"""Put a trained adapter into the package: weights in float16, config and manifest.

python recipes/reader/ship.py --adapter build/reader --out src/openbook/reader
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

NAMES = ("adapter_model.safetensors", "adapter_config.json", "manifest.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--adapter", type=Path, required=True, help="folder that train.py wrote")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    weights, config, manifest = (options.adapter / name for name in NAMES)
    options.out.mkdir(parents=True, exist_ok=True)
    half = {name: tensor.to(torch.float16) for name, tensor in load_file(weights).items()}
    save_file(half, options.out / NAMES[0], metadata={"format": "pt"})
    for source in (config, manifest):
        value = json.loads(source.read_text(encoding="utf-8"))
        (options.out / source.name).write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (options.out / NAMES[0]).chmod(0o644)
    print(f"{(options.out / NAMES[0]).stat().st_size / 1e6:.1f} MB in {options.out}")


if __name__ == "__main__":
    main()
