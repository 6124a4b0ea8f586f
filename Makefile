# SPDX-License-Identifier: GPL-3.0-or-later
# elbow: `make run`, `make check`; `make help` lists the rest.

MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
BUILD ?= build$(if $(SANITIZE),-sanitize)$(if $(filter clang%,$(notdir $(CC))),-clang)
PREFIX ?= /usr/local

CSTD := -std=c17 -D_GNU_SOURCE
WARN := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wundef -Wformat=2 -Wno-format-nonliteral $(if $(filter clang%,$(notdir $(CC))),,-Wno-format-truncation) -Werror
# No contraction: the same sums on machines with and without fused multiply-add.
OPT ?= -O2 -g -ffp-contract=off -fno-math-errno
OPT += $(if $(SANITIZE),-O1 -fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DELBOW_NO_CLONES)
comma := ,
PKGS := ncursesw readline gsl jansson sqlite3
CPPFLAGS += -Iinclude -Isrc -DNCURSES_WIDECHAR=1
CFLAGS += $(CSTD) $(WARN) $(OPT) -fopenmp -pthread
LDLIBS += -lncursesw -ltinfo -lreadline -lgsl -lgslcblas -ljansson -lunistring -lcsv -lm

LIB_SRC := $(wildcard src/base/*.c src/data/*.c src/model/*.c src/engine/*.c src/evidence/*.c src/store/*.c)
APP_SRC := $(wildcard src/command/*.c src/plot/*.c src/view/*.c src/term/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
APP_OBJ := $(APP_SRC:%.c=$(BUILD)/%.o)
UNIT_SRC := $(wildcard tests/test_*.c)
UNIT_BIN := $(UNIT_SRC:tests/%.c=$(BUILD)/tests/%)

.PHONY: all
all: $(BUILD)/elbow

$(BUILD)/libelbow.a: $(LIB_OBJ)
	@rm -f $@
	@ar rcs $@ $^
$(BUILD)/libapp.a: $(APP_OBJ)
	@rm -f $@
	@ar rcs $@ $^
$(BUILD)/elbow: $(BUILD)/src/main.o $(BUILD)/libapp.a $(BUILD)/libelbow.a
	@echo "  LINK  $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# A unit test is one file tests/test_NAME.c with cmocka and its own main.
$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(BUILD)/libapp.a $(BUILD)/libelbow.a
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka
.PRECIOUS: $(BUILD)/tests/%.o

# `make build/tests/test_base && build/tests/test_base` runs one.
.PHONY: units
units: $(UNIT_BIN)
	@set -e; for t in $(UNIT_BIN); do "$$t"; done

# The assets are in the binary (.incbin in src/data/embedded.c).
$(BUILD)/src/data/embedded.o: $(wildcard assets/*.csv assets/*.txt)

-include $(wildcard $(BUILD)/src/*.d $(BUILD)/src/*/*.d $(BUILD)/tests/*.d)

.PHONY: clean
clean:
	rm -rf build build-*
