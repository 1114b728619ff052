# Every recipe is one line that can also be typed; `just --list` shows them.

# Run what CI runs
ci:
    bash .ci/run

# Run every test, after installing what tests need
test *args:
    scripts/test {{ args }}

# Accept the transcripts as they come out now
bless:
    TRYCMD=overwrite SNAPSHOTS=overwrite cargo test -p step-token --test cli

# Measure the program beside step
bench:
    scripts/bench

# Install the programs that tests meet
peers *names:
    scripts/peers {{ names }}

# Fuzz one target until it fails or is stopped
fuzz target *args:
    cd fuzz && cargo +nightly fuzz run {{ target }} {{ args }}
