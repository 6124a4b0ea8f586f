# SPDX-License-Identifier: GPL-3.0-or-later
# elbow: `make run`, `make check`; `make help` lists the rest.

MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all
ifeq ($(origin CC),default)
CC := gcc
endif
comma := ,
clang := $(filter clang%,$(notdir $(CC)))
BUILD ?= build$(if $(SANITIZE),-sanitize)$(if $(clang),-clang)
PREFIX ?= /usr/local
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

CSTD := -std=c17 -D_GNU_SOURCE
WARN := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wundef \
        -Wformat=2 -Wno-format-nonliteral $(if $(clang),,-Wno-format-truncation) -Werror
# No contraction: the same sums on machines with and without fused multiply-add.
OPT ?= -O2 -g
HARD := -ffp-contract=off -fno-math-errno
SAN := $(if $(SANITIZE),-O1 -fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DELBOW_NO_CLONES)
override CPPFLAGS += -Iinclude -Isrc -Itests
override CFLAGS += $(CSTD) $(WARN) $(OPT) $(HARD) $(SAN) -fopenmp -pthread
LDLIBS := -lncursesw -ltinfo -lreadline -lgsl -lgslcblas -ljansson -lsqlite3 -lunistring -lcsv -lm

LIB_SRC := $(sort $(wildcard src/base/*.c src/data/*.c src/model/*.c src/engine/*.c src/evidence/*.c src/store/*.c))
APP_SRC := $(sort $(wildcard src/command/*.c src/plot/*.c src/view/*.c src/term/*.c))
TEST_SRC := $(sort $(wildcard tests/test_*.c))
TEST_HELP := $(filter-out $(TEST_SRC) tests/bench.c,$(sort $(wildcard tests/*.c)))
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
APP_OBJ := $(APP_SRC:%.c=$(BUILD)/%.o)
TEST_BIN := $(TEST_SRC:tests/%.c=$(BUILD)/tests/%)
TEST_LIB := $(BUILD)/tests/libtest.a

.PHONY: all run check units bench lint install uninstall help clean packages packages-check packages-lint screenshots golden-update
all: $(BUILD)/elbow
	@:

$(BUILD)/libelbow.a: $(LIB_OBJ)
$(BUILD)/libapp.a: $(APP_OBJ)
$(TEST_LIB): $(TEST_HELP:%.c=$(BUILD)/%.o)
$(BUILD)/libelbow.a $(BUILD)/libapp.a $(TEST_LIB):
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/elbow: $(BUILD)/src/main.o $(BUILD)/libapp.a $(BUILD)/libelbow.a
	@echo "  LINK  $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# A test is one file tests/test_NAME.c with a main() of its own.
$(TEST_BIN) $(BUILD)/tests/bench: $(BUILD)/tests/%: $(BUILD)/tests/%.o $(TEST_LIB) $(BUILD)/libapp.a $(BUILD)/libelbow.a
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(TEST_LIB) $(BUILD)/libapp.a $(BUILD)/libelbow.a $(LDLIBS) -lcmocka -lvterm -lutil
# This one makes every allocation fail in turn.
$(BUILD)/tests/test_memory: LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=strdup
.PRECIOUS: $(BUILD)/tests/%.o

# The assets are in the binary (.incbin).
$(BUILD)/src/data/embedded.o: $(wildcard assets/*.csv assets/*.txt)

-include $(wildcard $(BUILD)/src/*.d $(BUILD)/src/*/*.d $(BUILD)/tests/*.d)

## run: install what is missing, build, open elbow on the built-in corpus (ARGS="..." passes arguments)
run: packages
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@./$(BUILD)/elbow $(ARGS)

## check: install what is missing, build, run every test (SANITIZE=1: under the address and undefined-behaviour sanitizers)
check: packages-check
	@$(MAKE) --no-print-directory -j$(JOBS) all $(TEST_BIN)
	@BUILD='$(BUILD)' SANITIZE='$(SANITIZE)' JOBS='$(JOBS)' sh tests/run.sh $(TEST_BIN)

## bench: speed and memory as ratios in one run (DATA=FILE: on a corpus of yours)
bench: packages-check
	@$(MAKE) --no-print-directory -j$(JOBS) $(BUILD)/tests/bench
	@./$(BUILD)/tests/bench $(DATA)

## lint: the rules of the house, and both compilers' warnings
lint: packages-lint
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@BUILD='$(BUILD)' CLANG_FLAGS='$(CPPFLAGS) $(CSTD) $(filter-out -Wno-format-truncation,$(WARN)) -fopenmp' sh tests/lint.sh

## install: the program, its man page and docs under PREFIX (/usr/local), below DESTDIR
install: all
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/man/man1' '$(DESTDIR)$(PREFIX)/share/doc/elbow'
	install -m 755 $(BUILD)/elbow '$(DESTDIR)$(PREFIX)/bin/elbow'
	./$(BUILD)/elbow --man >$(BUILD)/elbow.1
	install -m 644 $(BUILD)/elbow.1 '$(DESTDIR)$(PREFIX)/share/man/man1/elbow.1'
	install -m 644 README.md docs/*.md '$(DESTDIR)$(PREFIX)/share/doc/elbow'

## uninstall: take them away again
uninstall:
	rm -f '$(DESTDIR)$(PREFIX)/bin/elbow' '$(DESTDIR)$(PREFIX)/share/man/man1/elbow.1'
	rm -rf '$(DESTDIR)$(PREFIX)/share/doc/elbow'

## screenshots: the pictures of README.md, made by the program
screenshots: all
	@sh docs/screenshots.sh ./$(BUILD)/elbow docs/screens

## golden-update: write the expected screens anew; review them with git diff
golden-update: all
	@$(MAKE) --no-print-directory -j$(JOBS) $(TEST_BIN)
	@for t in $(filter %view% %plot%,$(TEST_BIN)); do GOLDEN_UPDATE=1 "$$t" >/dev/null 2>&1 || true; done

## clean: remove what was built
clean:
	rm -rf build build-*

help:
	@sed -n 's/^## \([a-z-]*\): /  make \1\t/p' Makefile | expand -t 24

# Packages: what each is for is said when it is missing. One apt step; elsewhere the names, and stop.
NEED_BUILD := gcc:compiler libc6-dev:compiler libncurses-dev:screen libreadline-dev:prompt libcsv-dev:CSV \
              libunistring-dev:text libgsl-dev:deviates libjansson-dev:JSON libsqlite3-dev:sessions
NEED_CHECK := libcmocka-dev:unit-tests libvterm-dev:screen-tests valgrind:memory-tests
NEED_LINT := clang:second-compiler libomp-dev:second-compiler binutils:symbols
packages:
	@sh tests/packages.sh $(NEED_BUILD)
packages-check:
	@sh tests/packages.sh $(NEED_BUILD) $(NEED_CHECK)
packages-lint:
	@sh tests/packages.sh $(NEED_BUILD) $(NEED_CHECK) $(NEED_LINT)
