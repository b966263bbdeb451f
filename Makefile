# outtray: make, make check, make bench, make install (DESTDIR, prefix ...)

VERSION    = 0.1.0

prefix     = /usr
sbindir    = $(prefix)/sbin
bindir     = $(prefix)/bin
libexecdir = $(prefix)/libexec/outtray
mandir     = $(prefix)/share/man
docdir     = $(prefix)/share/doc/outtray
sysconfdir = /etc
localstatedir = /var

# The parts. A folder's code uses only itself and the folders before it.
folders      = base mail settings store deliver smtp sendmail
sendmail     = sendmail deliver store settings mail base
outtray-smtp = smtp deliver settings mail base
programs     = sendmail outtray-smtp

# BUILD is where all of one variant goes: make BUILD=build/asan SANITIZE=address,undefined
BUILD      = build
SANITIZE   =
CC         = gcc
CFLAGS     = -O2 -g
WARNINGS   = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
             -Wpointer-arith -Wwrite-strings -Wformat=2 -Wvla -Wundef
HARDENING  = -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
LINKING    = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--gc-sections

# The run-time places compiled in. A build that is not installed uses itself.
LIBEXEC    = $(abspath $(BUILD))

cppflags   = -Isrc -D_GNU_SOURCE -DOUTTRAY_VERSION='"$(VERSION)"' \
             $(if $(findstring -O0,$(CFLAGS))$(SANITIZE),,-D_FORTIFY_SOURCE=2) $(CPPFLAGS)
cflags     = -std=c11 -ffunction-sections -fdata-sections $(HARDENING) $(WARNINGS) \
             $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer) $(CFLAGS)
ldflags    = $(LINKING) $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)
places     = -DOUTTRAY_LIBEXECDIR='"$(LIBEXEC)"' -DOUTTRAY_SYSCONFDIR='"$(sysconfdir)"' \
             -DOUTTRAY_LOCALSTATEDIR='"$(localstatedir)"'

# Who may know which library: inih is for settings, OpenSSL for smtp alone.
libs_sendmail     = -linih
libs_outtray-smtp = -linih -lssl -lcrypto

sources    = $(wildcard $(addsuffix /*.c,$(addprefix src/,$(folders))))
objects    = $(sources:src/%.c=$(BUILD)/obj/%.o)
units      = $(wildcard tests/unit/*/*.c)
unit_tests = $(units:tests/unit/%.c=$(BUILD)/unit/%)

.PHONY: all clean check unit install
.SECONDARY:
.SECONDEXPANSION:

all: $(programs:%=$(BUILD)/%)

$(programs:%=$(BUILD)/%): $(BUILD)/%: $$(foreach f,$$($$*),$(BUILD)/lib/$$f.a)
	$(CC) $(ldflags) -o $@ -Wl,--whole-archive $(BUILD)/lib/$(firstword $($*)).a \
	    -Wl,--no-whole-archive $(foreach f,$(wordlist 2,9,$($*)),$(BUILD)/lib/$f.a) $(libs_$*)

define archive
$(BUILD)/lib/$1.a: $(patsubst src/%.c,$(BUILD)/obj/%.o,$(wildcard src/$1/*.c))
	@mkdir -p $$(@D)
	rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach f,$(folders),$(eval $(call archive,$f)))

# One object knows the places: relinking it is all that an install changes.
$(BUILD)/obj/settings/places.o: cppflags += $(places)
$(BUILD)/obj/settings/places.o: $(BUILD)/places
$(BUILD)/places: always
	@mkdir -p $(@D)
	@echo '$(places)' | cmp -s - $@ || echo '$(places)' > $@
.PHONY: always

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(cppflags) $(cflags) -MMD -MP -c -o $@ $<

# tests/unit mirrors src; a test of src/smtp may use all that src/smtp uses.
# A test of a program's folder gets that folder's objects without its main.
unit_parts = $(foreach f,smtp sendmail deliver store settings mail base,$(BUILD)/lib/$f.a)
unit: $(unit_tests)
$(unit_tests): $(BUILD)/unit/%: tests/unit/%.c tests/support/check.h $(unit_parts)
	@mkdir -p $(@D)
	$(CC) $(cppflags) $(cflags) -Itests/support -MMD -MP -MF $@.d $(ldflags) -o $@ $< \
	    -Wl,--start-group $(unit_parts) -Wl,--end-group -linih -lssl -lcrypto

clean:
	rm -rf $(BUILD)

-include $(objects:.o=.d) $(unit_tests:%=%.d)
