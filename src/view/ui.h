/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The state of the screen that is not the run's: which view, where the cursors are; and the frame around the views. */
#ifndef ELBOW_VIEW_UI_H
#define ELBOW_VIEW_UI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/command.h"
#include "view/data.h"
#include "view/jensen.h"
#include "view/landscape.h"
#include "view/view.h"

/* A list with a cursor: rows are ids in an order that is only a view. */
struct ui_list {
	size_t cursor; /* row under the cursor */
	size_t top;    /* first row drawn */
	size_t page;   /* rows drawn last time, for paging */
};

enum ui_sort { SORT_NUMBER, SORT_NAME, SORT_TOKENS, SORT_TOPIC, SORT_ELBO, SORT_EVIDENCE, SORT_KL, SORT_CHANGE, SORT_SWEEPS,
	       SORTS };

struct ui {
	const struct view *view;    /* what is shown */
	const struct view *back;    /* where q leads from the reader or help, NULL: nowhere */
	size_t topic;               /* selected component */
	bool topic_open;            /* the longer list of one topic */
	size_t document;            /* selected observation (its number, not its row) */
	size_t listed;              /* the one under the cursor of Documents when that was drawn last */
	size_t token;               /* Reader: index of the selected token among the kept ones */
	struct ui_list topics, topic_terms, documents, reader, help, terms;
	enum ui_sort sort;
	bool sort_up;
	size_t sort_topic;          /* SORT_TOPIC: by the share of this topic */
	/* Trace. */
	size_t trace_cursor;        /* ledger step under the crosshair; SIZE_MAX: the position */
	size_t trace_from, trace_to;/* zoom; both 0: everything */
	bool trace_gain;            /* log of the gain instead of the ELBO */
	char find[128];             /* last search */
	bool light;                 /* theme */
	size_t grid;                /* terms or columns a row of a picture; 0: none */
	bool mono;
	enum glyphs glyphs;
	bool mouse;
	struct ui_jensen jensen;
	struct ui_data data;
	struct ui_landscape landscape;
	bool simplex;               /* Reader: the densities in the place of the text */
	size_t studied, studied_of; /* Reader: which document's posterior was asked for last, of which version + 1 */
	bool refine;                /* estimates of log p were asked for: they are made and refined while nothing else is to do */
	size_t refined[3];          /* step, draws and known ones of the last that was asked so */
	size_t lab_place, lab_sweep;/* Lab: which place, and after which of its sweeps; SIZE_MAX: the last */
	size_t labbed, labbed_of;   /* as studied */
	bool why;                   /* Reader: the arithmetic of the selected word */
	/* Private caches; see view/order.h, ranks.h and page.h. */
	struct ui_order *order;
	struct ranks *ranks;
	struct page *page;
	/* Where things were drawn last, for clicks, in cells of the canvas. */
	struct rect area;           /* the view */
	int tab_end[12];            /* tab i ends before this column */
	struct rect plot;           /* the figure's plot area, empty without one */
	double plot_from, plot_to;  /* its x at the left and right edge */
	char line[640];             /* a command line that a view's command wants run next, "" for none */
};

/* What the frame shows beside the picture. */
struct ui_status {
	const char *message;   /* notice or error on the bottom line, NULL: key hints */
	bool is_error;
	bool busy;             /* a job runs */
	const char *what;      /* its progress: "E-step", 120 of 3430 */
	size_t done, of;
	size_t waiting;        /* commands that run when the job is over */
	const char *prompt;    /* NULL, or the line being typed with its prompt, safe text */
	const char *const *menu; /* completions shown above the prompt, NULL-terminated, or NULL */
};

/* The screen's settings: theme, color, glyphs, mouse, size (for batch screenshots). */
extern const struct em_setting_table ui_settings;

void ui_init(struct ui *ui);
void ui_close(struct ui *ui);
/* Takes theme, glyphs and mouse from the settings. utf8: what the locale allows. color=auto leaves mono as it is: whoever
 * knows the terminal sets it. */
void ui_apply(struct ui *ui, const struct em_settings *s, bool utf8);

/* "80x24", the setting size; false when it is not of that form or above 1000x1000. */
bool ui_size(const char *text, int *w, int *h);

/* A command of the screen: view NAME|NUMBER|next|previous, leave, help [WORDS]; the others go to the view shown.
 * click X Y takes cells of the canvas from 0. Returns in *line a command line to run next (static or owned by ui until the next call), or NULL:
 * Enter in the trace gives "goto 12". */
enum em_status ui_command(struct ui *ui, const struct picture *pic, int argc, char *const argv[], const char **line,
                          struct em_err *err);

/* Draws frame and view over the whole canvas. Readable at 80x24, one pane below 60 columns, a message below 40x10. */
void ui_draw(struct ui *ui, const struct picture *pic, const struct ui_status *status, struct canvas *c);

/* The canvas as a file: .txt (text), .svg. */
enum em_status ui_screenshot(const struct ui *ui, const struct canvas *c, const char *path, bool replace,
                             struct em_err *err);

/* True when the view shown needs a job first (its landscape); whoever can performs it and draws again. */
bool ui_wants(struct ui *ui, const struct picture *pic, struct job *out);

/* True when estimates of log p were asked for and are missing here, or not good enough: twice the error of the total above 0.05 nats. */
bool ui_refines(struct ui *ui, const struct picture *pic, struct job *out);

const struct view *ui_view_at(size_t i);      /* in the order of the tabs, NULL past the last */
const struct view *ui_view_named(const char *name);

#endif
