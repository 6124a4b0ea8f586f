/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "elbow/corpus.h"

/* Three plain themes: the harbour, the kitchen, the garden. */
static const char corpus_text[] =
    "title,text\n"
    "Boats at dawn,\"The boats left the harbour at dawn. Nets and ropes lay on the quay, the wind was mild and the tide high. "
    "The boats came home with herring.\"\n"
    "A storm warning,\"Storm warning for the harbour: wind from the west, high tide at night. Boats stay at the quay and "
    "ropes are doubled.\"\n"
    "Herring prices,\"Herring was cheap at the quay. The boats landed herring twice, and the market sold it with bread and "
    "butter.\"\n"
    "Bread for the fair,\"Bread and butter, bread and jam: the baker needs flour, salt and yeast. The oven is hot before "
    "dawn.\"\n"
    "Soup,\"Onion soup wants butter, salt and an hour. Bread goes with the soup. The cook adds herbs from the garden.\"\n"
    "The new oven,\"The baker built an oven of brick. Bread, cakes and pies come from the oven; flour comes by boat.\"\n"
    "Roses,\"Roses in the garden need sun, water and soil. Cut the roses in spring, and give the soil compost.\"\n"
    "Compost,\"Compost is soil in the making: leaves, herbs and peelings from the kitchen. Turn the compost in spring.\"\n"
    "A garden by the sea,\"The wind from the harbour is salt and the garden suffers. Roses grow behind the wall, herbs in the "
    "lee.\"\n"
    "\"An empty page\",\"\"\n"
    "\"\x1b[31mRed \xff title\a\",\"Bread, butter, soup and salt for the cook; the oven is hot.\"\n"
    "Садовые розы,\"Розы в саду любят солнце и воду. Roses love sun and water.\"\n"
    "Ψάρια στο λιμάνι,\"Herring and boats, nets and ropes, tide and wind.\"\n"
    "港の魚,\"The quay at dawn: herring, nets, boats.\"\n"
    "A title that is much longer than any column of a table could ever want to show on one line,\"Leaves, soil, spring and "
    "water: the garden wakes.\"\n";

static void must(enum em_status st, const struct em_err *err)
{
	if (st)
		fail_msg("%s", err->msg);
}

static void open_corpus(struct fixture *f)
{
	char path[] = "/tmp/elbow-fixture-XXXXXX.csv";
	struct em_err err = {0};
	int fd = mkstemps(path, 4);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, corpus_text, sizeof corpus_text - 1), sizeof corpus_text - 1);
	close(fd);
	enum em_status st = em_corpus_open(path, f->settings, &f->corpus, &err);
	unlink(path);
	must(st, &err);
	f->data = (struct em_data){EM_DATA_CORPUS, "fixture", f->corpus->docs, f->corpus, NULL, NULL};
}

/* The run's snapshot, with seconds that do not depend on the machine. */
static void look(struct fixture *f)
{
	struct em_err err = {0};
	em_snapshot_release(f->owned);
	free(f->ledger);
	must(em_run_snapshot(f->run, &f->owned, &err), &err);
	f->snapshot = *f->owned;
	f->ledger = malloc(f->snapshot.entries * sizeof *f->ledger);
	assert_non_null(f->ledger);
	memcpy(f->ledger, f->owned->ledger, f->snapshot.entries * sizeof *f->ledger);
	for (size_t i = 0; i < f->snapshot.entries; i++)
		f->ledger[i].seconds = 0.004 + 0.001 * (double)(i % 3);
	f->snapshot.ledger = f->ledger;
	f->pic = (struct picture){.run = &f->snapshot, .data = &f->data, .corpus = f->corpus, .name = "fixture.csv", .settings = f->settings};
}

static void set(struct fixture *f, const char *name, const char *value)
{
	struct em_settings *next = NULL;
	struct em_err err = {0};
	must(em_settings_with(f->settings, name, value, &next, &err), &err);
	em_settings_release(f->settings);
	f->settings = next;
}

void fixture_open(struct fixture *f, const char *name, ...)
{
	const struct em_setting_table *tables[] = {em_model_named("lda")->settings, &em_run_settings, &em_corpus_settings,
	                                           &ui_settings};
	struct em_err err = {0};
	va_list args;
	*f = (struct fixture){.settings = em_settings_new(tables, 4)};
	assert_non_null(f->settings);
	/* Spelled out: the pictures do not change with the defaults. */
	static const char *const fixed[][2] = {{"components", "3"},  {"alpha", "0.1"},       {"alpha_update", "fixed"},
	                                       {"init", "random"},   {"e_start", "guarded"}, {"e_order", "batch"},
	                                       {"e_sweeps", "200"},  {"e_tolerance", "1e-6"}, {"seed", "1"},
	                                       {"threads", "1"},     {"tolerance", "0.01"},  {"evidence_budget", "0.1"}};
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		set(f, fixed[i][0], fixed[i][1]);
	va_start(args, name);
	for (; name; name = va_arg(args, const char *)) {
		const char *value = va_arg(args, const char *);
		set(f, name, value);
	}
	va_end(args);
	open_corpus(f);
	must(em_run_new(em_model_named("lda"), &f->data, f->settings, &em_evidence_exact, NULL, NULL, &f->run, &err), &err);
	ui_init(&f->ui);
	look(f);
}

void fixture_close(struct fixture *f)
{
	ui_close(&f->ui);
	em_snapshot_release(f->owned);
	free(f->ledger);
	em_run_free(f->run);
	em_corpus_free(f->corpus);
	em_settings_release(f->settings);
}

void fixture_step(struct fixture *f, enum em_size size, size_t n)
{
	struct em_err err = {0};
	for (size_t i = 0; i < n; i++)
		must(em_run_step(f->run, size, NULL, &err), &err);
	look(f);
}

void fixture_goto(struct fixture *f, size_t step)
{
	struct em_err err = {0};
	must(em_run_goto(f->run, step, NULL, &err), &err);
	look(f);
}

const char *fixture_command(struct fixture *f, const char *words)
{
	char copy[256], *argv[8];
	int argc = 0;
	const char *line = NULL;
	struct em_err err = {0};
	snprintf(copy, sizeof copy, "%s", words);
	for (char *save = NULL, *w = strtok_r(copy, " ", &save); w && argc < 8; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	must(ui_command(&f->ui, &f->pic, argc, argv, &line, &err), &err);
	return line;
}

struct canvas *fixture_screen(struct fixture *f, int w, int h, enum glyphs glyphs)
{
	struct canvas *c = canvas_new(w, h, glyphs);
	struct ui_status status = {0};
	assert_non_null(c);
	c->mono = f->ui.mono;
	f->ui.glyphs = glyphs;
	ui_draw(&f->ui, &f->pic, &status, c);
	return c;
}

bool fixture_shows(const struct canvas *c, const char *text)
{
	struct buf b = {0};
	canvas_text(c, &b);
	bool found = b.s && strstr(b.s, text);
	buf_free(&b);
	return found;
}

static char *slurp(const char *path)
{
	FILE *in = fopen(path, "rb");
	if (!in)
		return NULL;
	struct buf b = {0};
	char part[4096];
	for (size_t n; (n = fread(part, 1, sizeof part, in)) > 0;)
		buf_add(&b, part, n);
	fclose(in);
	return buf_take(&b);
}

void golden_check(const struct canvas *c, const char *name, bool styles)
{
	struct buf b = {0};
	char path[256];
	snprintf(path, sizeof path, "tests/golden/%s.txt", name);
	canvas_text(c, &b);
	if (styles)
		canvas_styles(c, &b);
	assert_false(b.failed);
	if (getenv("GOLDEN_UPDATE")) {
		FILE *out = fopen(path, "wb");
		assert_non_null(out);
		fputs(b.s, out);
		assert_int_equal(fclose(out), 0);
		buf_free(&b);
		return;
	}
	char *want = slurp(path);
	bool same = want && strcmp(want, b.s) == 0;
	if (!same)
		print_error("--- %s\n%s+++ now\n%s", path, want ? want : "(no such file)\n", b.s);
	free(want);
	buf_free(&b);
	if (!same)
		fail_msg("the screen differs from %s; GOLDEN_UPDATE=1 accepts it", path);
}
