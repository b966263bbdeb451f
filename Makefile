# outtray: make, make check, make bench, make install, make uninstall, make deb
#
# A variant has a folder of its own:  make BUILD=build/asan SANITIZE=address,undefined
# Packages set prefix and its kin, DESTDIR, CFLAGS, CPPFLAGS, LDFLAGS and ERRORS=

VERSION       = 0.1.0

prefix        = /usr/local
sbindir       = $(prefix)/sbin
bindir        = $(prefix)/bin
libexecdir    = $(prefix)/libexec/outtray
mandir        = $(prefix)/share/man
docdir        = $(prefix)/share/doc/outtray
sysconfdir    = /etc
localstatedir = /var

BUILD    = build
SANITIZE =
CC       = gcc
CFLAGS   = -O2 -g
ERRORS   = -Werror
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
           -Wpointer-arith -Wwrite-strings -Wformat=2 -Wvla -Wundef

# From the archive where there is one: to load so small a library costs nine system calls.
INIH      := $(if $(filter /%,$(shell $(CC) -print-file-name=libinih.a)),-l:libinih.a,-linih)

machine   := $(shell $(CC) -dumpmachine)
HARDENING  = -fstack-protector-strong -fstack-clash-protection -fPIE \
             $(if $(filter x86_64-%,$(machine)),-fcf-protection) \
             $(if $(SANITIZE)$(findstring -O0,$(CFLAGS)),,-D_FORTIFY_SOURCE=2)
LINKING    = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--gc-sections

cppflags = -Isrc -D_GNU_SOURCE -DOUTTRAY_VERSION='"$(VERSION)"' $(CPPFLAGS)
cflags   = -std=c11 -ffunction-sections -fdata-sections $(HARDENING) $(WARNINGS) $(ERRORS) \
           $(sanitize) $(CFLAGS)
ldflags  = $(LINKING) $(sanitize) $(LDFLAGS)
sanitize = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)

.PHONY: all unit fuzz bench bench-programs check clean install uninstall deb always
.SECONDARY:
all:

# The folders, from the foundation up. A folder's code uses only itself and those before it.
folders = base mail settings store deliver smtp sendmail daemon

objects = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(filter-out %/places.c %/without_openssl.c,$(wildcard src/$1/*.c)))

define folder
$(BUILD)/lib/$1.a: $(call objects,$1)
	@mkdir -p $$(@D)
	rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach f,$(folders),$(eval $(call folder,$f)))

# What a program is made of: its own folder whole, what it takes of others, libraries.
# It is linked twice, because only one object knows the places: to run from
# here, and to be installed.
define program
$(BUILD)/$1: $(BUILD)/here/places.o
$(BUILD)/installed/$1: $(BUILD)/installed/places.o
$(BUILD)/$1 $(BUILD)/installed/$1: $2 $(3:%=$(BUILD)/lib/%.a)
	@mkdir -p $$(@D)
	$$(CC) $$(ldflags) -o $$@ $$(filter %.o,$$^) $$(filter %.a,$$^) $4
all: $(BUILD)/$1
programs += $1
endef
$(eval $(call program,sendmail,$(call objects,sendmail),deliver store settings mail base,$(INIH)))
$(eval $(call program,outtrayd,$(call objects,daemon),deliver store settings mail base,$(INIH)))
# The agent twice: without OpenSSL, for servers on this host, and with it.
openssl  = $(BUILD)/obj/smtp/tls.o $(BUILD)/obj/smtp/scram.o
instead  = $(BUILD)/obj/smtp/without_openssl.o
$(eval $(call program,outtray-smtp,$(filter-out $(openssl),$(call objects,smtp)) $(instead),deliver settings mail base,))
$(eval $(call program,outtray-smtp-tls,$(call objects,smtp),deliver settings mail base,-lssl -lcrypto))

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(cppflags) $(cflags) -MMD -MP -c -o $@ $<

# The places; a changed one is noticed, wherever it was changed.
$(BUILD)/here/places:      libexec = $(abspath $(BUILD))
$(BUILD)/here/places:      sbin = $(abspath $(BUILD))
$(BUILD)/installed/places: libexec = $(libexecdir)
$(BUILD)/installed/places: sbin = $(sbindir)
$(BUILD)/%/places: always
	@mkdir -p $(@D)
	@echo "-DOUTTRAY_LIBEXECDIR='\"$(libexec)\"' -DOUTTRAY_SYSCONFDIR='\"$(sysconfdir)\"'" \
	    "-DOUTTRAY_LOCALSTATEDIR='\"$(localstatedir)\"' -DOUTTRAY_SBINDIR='\"$(sbin)\"'" > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(BUILD)/%/places.o: src/settings/places.c src/settings/places.h $(BUILD)/%/places
	$(CC) $(cppflags) @$(BUILD)/$*/places $(cflags) -c -o $@ $<

# Tests: tests/unit mirrors src, and each of its programs may use all folders.
unit_tests = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*/*_test.c))
parts      = $(folders:%=$(BUILD)/lib/%.a) $(BUILD)/here/places.o
unit: $(unit_tests)
$(unit_tests): $(BUILD)/unit/%: tests/unit/%.c $(parts)
	@mkdir -p $(@D)
	$(CC) $(cppflags) $(cflags) -Itests/support -MMD -MP -MF $@.d $(ldflags) -o $@ $< \
	    -Wl,--start-group $(parts) -Wl,--end-group -linih -lssl -lcrypto

# tests/fuzz/NAME.c: make fuzz CC=clang SANITIZE=fuzzer-no-link,address,undefined BUILD=build/fuzz
fuzzers = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
fuzz: $(fuzzers)
$(fuzzers): $(BUILD)/fuzz/%: tests/fuzz/%.c $(parts)
	@mkdir -p $(@D)
	$(CC) $(cppflags) $(cflags) -fsanitize=fuzzer -MMD -MP -MF $@.d $(ldflags) -o $@ $< \
	    -Wl,--start-group $(parts) -Wl,--end-group -linih -lssl -lcrypto

# tests/bench: what outtray is held against, and what measures both.
benches = $(addprefix $(BUILD)/bench/,floor floor-tls sink meter)
bench-programs: $(benches)
$(benches): $(BUILD)/bench/%:
	@mkdir -p $(@D)
	$(CC) $(cppflags) $(cflags) $(ldflags) -o $@ $< $(libraries)
$(BUILD)/bench/floor:     tests/bench/floor.c
$(BUILD)/bench/floor-tls: tests/bench/floor.c
$(BUILD)/bench/floor-tls: cppflags += -DFLOOR_TLS
$(BUILD)/bench/floor-tls: libraries = -lssl -lcrypto
$(BUILD)/bench/sink:      tests/bench/sink.c
$(BUILD)/bench/meter:     tests/bench/meter.c

bench:
	BUILD=$(BUILD) tests/bench/run

check: all unit
	BUILD=$(BUILD) tests/run

# mailq and newaliases are sendmail by other names.
to_sendmail = $(if $(filter $(dir $(sbindir)),$(dir $(bindir))),../$(notdir $(sbindir)),$(sbindir))/sendmail
pages       = $(wildcard man/*.[1-8])
examples    = $(wildcard conf/examples/*)
settings    = $(sysconfdir)/outtray/outtray.ini

install: $(programs:%=$(BUILD)/installed/%)
	install -d "$(DESTDIR)$(sbindir)" "$(DESTDIR)$(bindir)" "$(DESTDIR)$(libexecdir)" \
	    "$(DESTDIR)$(docdir)/examples" "$(DESTDIR)$(sysconfdir)/outtray"
	install -m 0755 $(BUILD)/installed/sendmail $(BUILD)/installed/outtrayd "$(DESTDIR)$(sbindir)"
	install -m 0755 $(BUILD)/installed/outtray-smtp $(BUILD)/installed/outtray-smtp-tls "$(DESTDIR)$(libexecdir)"
	ln -sf "$(to_sendmail)" "$(DESTDIR)$(bindir)/mailq"
	ln -sf "$(to_sendmail)" "$(DESTDIR)$(bindir)/newaliases"
	for page in $(pages); do \
	    install -d "$(DESTDIR)$(mandir)/man$${page##*.}" && \
	    install -m 0644 $$page "$(DESTDIR)$(mandir)/man$${page##*.}" || exit; done
	$(if $(examples),install -m 0644 $(examples) "$(DESTDIR)$(docdir)/examples")
	[ -e "$(DESTDIR)$(settings)" ] || install -m 0644 conf/outtray.ini "$(DESTDIR)$(settings)"

# Settings that somebody wrote stay; so does the mail, which no install made.
uninstall:
	rm -f "$(DESTDIR)$(sbindir)/sendmail" "$(DESTDIR)$(sbindir)/outtrayd" \
	    "$(DESTDIR)$(libexecdir)/outtray-smtp" \
	    "$(DESTDIR)$(libexecdir)/outtray-smtp-tls" \
	    "$(DESTDIR)$(bindir)/mailq" "$(DESTDIR)$(bindir)/newaliases"
	for page in $(pages); do rm -f "$(DESTDIR)$(mandir)/man$${page##*.}/$${page##*/}"; done
	rm -rf "$(DESTDIR)$(docdir)"
	! cmp -s conf/outtray.ini "$(DESTDIR)$(settings)" || rm "$(DESTDIR)$(settings)"
	-rmdir "$(DESTDIR)$(libexecdir)" "$(DESTDIR)$(sysconfdir)/outtray"

deb:
	packaging/debian/build $(BUILD)/deb

clean:
	rm -rf $(BUILD)

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/unit/*/*.d $(BUILD)/fuzz/*.d)
