"""libFuzzer targets over the core: listed in `fuzz_main.c`; `make_corpus.py` writes their seeds."""
