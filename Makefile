# Tidemill. `make demo` and `make test` install what is missing (Debian), then build; `make` only builds.
VERSION  = 0.1.0
CC      ?= cc
CFLAGS  ?= -O2 -g
LUA     ?= lua5.4
BUILD   ?= build
PREFIX  ?= /usr/local
LUA_DIR ?= $(PREFIX)/share/lua/5.4
LIB_DIR ?= $(PREFIX)/lib/lua/5.4
PKGS     = libzstd zlib liblz4 libpcre2-8 libutf8proc
APT      = gcc make pkg-config lua5.4 liblua5.4-dev lua-cjson lua-busted luarocks libzstd-dev zlib1g-dev liblz4-dev \
           libpcre2-dev libutf8proc-dev libicu-dev libexpat1-dev libssl-dev
APT_DEV  = clang clang-format lua-check libclang-rt-14-dev

LUA_INCDIR ?= $(shell pkg-config --variable=includedir lua5.4 2>/dev/null)/lua5.4
WARN     = -Wall -Wextra -Wconversion -Wno-sign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
FLAGS    = -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -Icsrc -I$(LUA_INCDIR) $(WARN) -pthread -MMD -MP
LIBS     = $(shell pkg-config --libs $(PKGS)) -lm -pthread
SRC      = $(sort $(wildcard csrc/*/*.c))
OBJ      = $(SRC:csrc/%.c=$(BUILD)/obj/%.o)
MODULE   = $(BUILD)/tidemill/core.so
CORE     = $(filter-out $(BUILD)/obj/bind/%,$(OBJ))
ARCHIVE  = $(BUILD)/core.a
UNIT_SRC = $(sort $(wildcard spec/*/*_test.c))
UNIT     = $(UNIT_SRC:spec/%.c=$(BUILD)/spec/%)
RUN      = LUA_PATH='lua/?.lua;lua/?/init.lua;;' LUA_CPATH='$(BUILD)/?.so;;'

.PHONY: all demo test check install uninstall clean deps dev-deps spec known bench bench-report rock kill fuzz \
        sanitize sweep curves limits units
all: $(MODULE)

$(MODULE): $(OBJ)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -shared -o $@ $(OBJ) $(LIBS)

$(BUILD)/obj/%.o: csrc/%.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CFLAGS) $(FLAGS) -c -o $@ $<

$(ARCHIVE): $(CORE)
	@rm -f $@
	@ar rcs $@ $(CORE)

$(BUILD)/spec/%: spec/%.c $(ARCHIVE)
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(FLAGS) $(LDFLAGS) -o $@ $< $(ARCHIVE) $(LIBS)

-include $(OBJ:.o=.d) $(UNIT:=.d)

deps:
	@spec/install.sh $(APT)

dev-deps:
	@spec/install.sh $(APT) $(APT_DEV)

demo: deps
	@$(MAKE) --no-print-directory -j$(shell nproc) all
	@$(RUN) $(LUA) examples/journey.lua

test: deps
	@$(MAKE) --no-print-directory -j$(shell nproc) all
	@$(MAKE) --no-print-directory -j$(shell nproc) spec

spec: $(UNIT)
	@$(RUN) $(LUA) spec/run.lua $(UNIT)

# Kill streaming queries, what appends to a snapshot and what changes a catalogue with -9 at random times, KILLS times, and
# check that every row came out once, and of each statement all or nothing.
KILLS ?= 200
kill: all
	@$(RUN) $(LUA) spec/stream/kill.lua $(KILLS)
	@$(RUN) $(LUA) spec/snapshot/kill.lua $(KILLS)
	@$(RUN) $(LUA) spec/catalog/kill.lua $(KILLS)

units: $(UNIT)

# The suite under the address, undefined-behaviour and leak sanitizers, then what runs in threads under the thread
# sanitizer; the last line adds both up. Lua is watched by preloading the sanitizer's library.
ASAN = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
TSAN = -O1 -g -fno-omit-frame-pointer -fsanitize=thread
THREADS = base/thread_test stream/store_test stream/window_test snapshot/table_test
sanitize: dev-deps
	@$(MAKE) --no-print-directory -j$(shell nproc) BUILD=build/asan CC=gcc CFLAGS="$(ASAN)" LDFLAGS=-Wl,-z,nodelete all units
	@sh spec/sanitize.sh address build/asan $(UNIT:$(BUILD)/%=build/asan/%) | tee build/asan/said
	@$(MAKE) --no-print-directory -j$(shell nproc) BUILD=build/tsan CC=gcc CFLAGS="$(TSAN)" LDFLAGS=-Wl,-z,nodelete \
	  all $(THREADS:%=build/tsan/spec/%)
	@sh spec/sanitize.sh thread build/tsan $(THREADS:%=build/tsan/spec/%) | tee build/tsan/said
	@tail -qn1 build/asan/said build/tsan/said | awk -F'[ ,]+' '/^[0-9]+ passed, [0-9]+ failed$$/ { n++; p += $$1; f += $$3 } \
	  END { print p " passed, " f + 2 - n " failed"; exit f > 0 || n < 2 }'

# Each fuzz target for FUZZ_SECONDS, under the address and undefined-behaviour sanitizers, beginning with the seeds that
# spec/fuzz/seeds.sh finds; what it finds new goes on from in the next run. A failure leaves the bytes in
# build/fuzz/NAME-crash-...
FUZZ_SECONDS ?= 15
FUZZ = $(patsubst spec/fuzz/%_fuzz.c,%,$(sort $(wildcard spec/fuzz/*_fuzz.c)))
FUZZ_FLAGS = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
fuzz: dev-deps
	@$(MAKE) --no-print-directory -j$(shell nproc) BUILD=build/fuzz CC=clang \
	  CFLAGS="$(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION" $(FUZZ:%=build/fuzz/%)
	@for f in $(FUZZ); do \
	  mkdir -p build/fuzz/corpus/$$f && sh spec/fuzz/seeds.sh $$f build/fuzz/seeds/$$f && echo "fuzz $$f" && \
	  ( cd build/fuzz && ./$$f -max_total_time=$(FUZZ_SECONDS) -timeout=5 -rss_limit_mb=1024 -max_len=16384 \
	    -print_final_stats=1 -artifact_prefix=$$f- $$(ls ../../spec/fuzz/$$f.dict seeds/$$f.dict 2>/dev/null | sed s/^/-dict=/) \
	    corpus/$$f seeds/$$f >$$f.log 2>&1 || { tail -40 $$f.log; exit 1; }; grep executed $$f.log ) || exit 1; done

build/fuzz/%: spec/fuzz/%_fuzz.c $(wildcard spec/fuzz/*.h) build/fuzz/core.a
	@clang $(FUZZ_FLAGS) -fsanitize=fuzzer $(FLAGS) -MF $@.d -o $@ $< build/fuzz/core.a $(LIBS)

# Fail each allocation of whole queries, one after the other, the core's and then Lua's: some minutes.
LUA_HOST = $(BUILD)/spec/fault/lua_memory
sweep: all $(LUA_HOST)
	@$(RUN) $(LUA) spec/fault/sweep.lua
	@$(RUN) $(LUA_HOST) spec/fault/lua_sweep.lua

$(LUA_HOST): spec/fault/lua_memory.c
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -std=c11 $(WARN) -I$(LUA_INCDIR) -o $@ $< $(shell pkg-config --libs lua5.4) -Wl,--export-dynamic

# Write the list of known failures anew, after functions or statements were added.
known: all
	@$(RUN) $(LUA) spec/conformance/run.lua --write-known spec/conformance/known.txt spec/conformance/sql | tail -1
	@for area in io streaming ml api; do \
	  list=spec/conformance/$$area/known.txt; \
	  $(RUN) $(LUA) spec/conformance/run.lua --known $$list --write-known $$list spec/conformance/$$area | tail -1; done

# ROWS, PEERS, SIZE (small or full): see spec/bench/README.md. The peers are installed into build/bench/venv.
ROWS  ?= T1,T3,I1,I2,I3,E1,T9,T10,curves
PEERS ?= duckdb,polars,spark
SIZE  ?= full
BENCH_PYTHON ?= $(BUILD)/bench/venv/bin/python

bench: deps
	@spec/install.sh python3-venv default-jre-headless
	@$(MAKE) --no-print-directory -j$(shell nproc) all $(K1)
	@test -x $(BENCH_PYTHON) || python3 -m venv $(BUILD)/bench/venv
	@$(BENCH_PYTHON) -m pip install --quiet -r spec/bench/requirements.txt
	@$(BENCH_PYTHON) spec/bench/run.py --rows $(ROWS) --peers $(PEERS) --size $(SIZE)

# The peer of row K1: plain loops, and the libraries called directly.
K1 = $(BUILD)/bench/K1/c
$(K1): $(wildcard spec/bench/K1/*.c spec/bench/K1/*.h)
	@mkdir -p $(@D)
	@$(CC) -O3 -g -std=c11 -D_GNU_SOURCE $(WARN) -o $@ $(filter %.c,$^) -lm -lz -lpcre2-8 -lcrypto -lexpat -licui18n -licuuc

# Every axis of the scaling curves, ours: plots in build/bench, exponents, and whether there is a cliff. CLOCK=cpu where other
# work shares the machine.
CLOCK ?= ns
curves: all
	@python3 spec/bench/curves.py --clock $(CLOCK) $(AXES)

# TPC-H and the operators over 10 M rows under memory limits: the rows of the run without one, bounded memory, no file left.
TPCH ?= $(BUILD)/bench/data/sf1
limits: all
	@LUA_PATH='lua/?.lua;lua/?/init.lua;./?.lua;;' LUA_CPATH='$(BUILD)/?.so;;' $(LUA) spec/bench/limits.lua $(TPCH)

# The figures of the last runs into README.md, between its two markers.
bench-report:
	@$(RUN) $(LUA) spec/bench/readme.lua $(BUILD)/bench/results README.md

# Build the rock into a tree, with what Debian has of its dependencies.
TREE ?= $(BUILD)/rock
rock: deps
	@luarocks --lua-version=5.4 --tree=$(TREE) make --deps-mode=none rockspec/tidemill-scm-1.rockspec

check: dev-deps
	@sh spec/check.sh

install: all
	install -d $(DESTDIR)$(LUA_DIR) $(DESTDIR)$(LIB_DIR)/tidemill
	cp -R lua/tidemill $(DESTDIR)$(LUA_DIR)/
	install -m 755 $(MODULE) $(DESTDIR)$(LIB_DIR)/tidemill/core.so

uninstall:
	rm -rf $(DESTDIR)$(LUA_DIR)/tidemill $(DESTDIR)$(LIB_DIR)/tidemill

clean:
	rm -rf $(BUILD)
