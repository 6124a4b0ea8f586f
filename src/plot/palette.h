/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Colours by what they mean, and what they look like in each theme and on terminals with few colours. */
#ifndef ELBOW_PLOT_PALETTE_H
#define ELBOW_PLOT_PALETTE_H

#include <stdbool.h>
#include <stdint.h>

enum color {
	COLOR_DEFAULT,   /* the terminal's own foreground, or background when used as one */
	COLOR_DIM,       /* rules, axes, what matters less */
	COLOR_TITLE,     /* titles and names */
	COLOR_ELBO,
	COLOR_KL,
	COLOR_EVIDENCE,  /* log p(X|theta) */
	COLOR_GOOD,
	COLOR_BAD,       /* errors, breaches, decreases */
	COLOR_WARN,
	COLOR_ACCENT,    /* keys, the cursor, links */
	COLOR_SELECTION, /* a background */
	COLOR_BAR,       /* the background of the frame's top and bottom lines */
	COLOR_UP,        /* a value that rose */
	COLOR_DOWN,      /* a value that fell */
	COLOR_BAND,      /* fill of bands */
	COLOR_SERIES_0,  /* twelve categorical colours: the colour-blind safe set of Okabe and Ito, and four more */
	COLOR_SERIES_END = COLOR_SERIES_0 + 12,
	PALETTE_COLORS = COLOR_SERIES_END
};

#define SERIES_COLORS 12

enum { ATTR_BOLD = 1, ATTR_UNDERLINE = 2, ATTR_REVERSE = 4, ATTR_DIM = 8 };

struct style {
	uint8_t fg, bg; /* enum color */
	uint8_t attr;   /* ATTR_ bits */
};

enum theme { THEME_DARK, THEME_LIGHT, THEME_MONO };

/* The i-th categorical colour, round and round. */
static inline enum color color_series(unsigned i)
{
	return (enum color)(COLOR_SERIES_0 + (int)(i % SERIES_COLORS));
}

static inline struct style style_of(enum color fg)
{
	return (struct style){.fg = (uint8_t)fg};
}

static inline struct style style_with(enum color fg, int attr)
{
	return (struct style){.fg = (uint8_t)fg, .attr = (uint8_t)attr};
}

static inline struct style style_on(enum color fg, enum color bg)
{
	return (struct style){.fg = (uint8_t)fg, .bg = (uint8_t)bg};
}

static inline bool style_equal(struct style a, struct style b)
{
	return a.fg == b.fg && a.bg == b.bg && a.attr == b.attr;
}

/* 0xRRGGBB of a colour as text or line, and as background. */
uint32_t palette_rgb(enum theme theme, enum color color);
uint32_t palette_background(enum theme theme, enum color color);

/* The nearest colour a terminal has: 16..255 of the 256, 0..15, 0..7. */
int palette_256(uint32_t rgb);
int palette_16(uint32_t rgb);
int palette_8(uint32_t rgb);

/* "elbo", "series 3": for style layers and SVG classes. */
const char *palette_name(enum color color);

#endif
