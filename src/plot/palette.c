/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/palette.h"

#include <limits.h>
#include <stddef.h>

struct entry {
	const char *name;
	uint32_t dark, light;
};

/* Orange, sky blue, bluish green, yellow, blue, vermillion, reddish purple and grey after Okabe and Ito, lightened or
 * darkened until each reads on the page of its theme; the four behind them differ from these in lightness too. */
static const struct entry entries[PALETTE_COLORS] = {
    [COLOR_DEFAULT] = {"default", 0xd8dce3, 0x23272e},
    [COLOR_DIM] = {"dim", 0x878f9b, 0x6c737d},
    [COLOR_TITLE] = {"title", 0xffffff, 0x000000},
    [COLOR_ELBO] = {"elbo", 0x56b4e9, 0x0072b2},
    [COLOR_KL] = {"kl", 0xe69f00, 0xa86400},
    [COLOR_EVIDENCE] = {"evidence", 0xf0e442, 0x8f2f6b},
    [COLOR_GOOD] = {"good", 0x2bc48f, 0x00785a},
    [COLOR_BAD] = {"bad", 0xff7a45, 0xb83c00},
    [COLOR_WARN] = {"warn", 0xf0c94a, 0x8a6100},
    [COLOR_ACCENT] = {"accent", 0x7cc7f2, 0x005b96},
    [COLOR_SELECTION] = {"selection", 0x233d59, 0xd4e7f8},
    [COLOR_BAR] = {"bar", 0x2a3039, 0xe6e9ed},
    [COLOR_UP] = {"up", 0x56b4e9, 0x0072b2},
    [COLOR_DOWN] = {"down", 0xf0713a, 0xc4340a},
    [COLOR_BAND] = {"band", 0x55708a, 0x9fb6cc},
    [COLOR_SERIES_0] = {"series 0", 0xe69f00, 0xa36300},
    [COLOR_SERIES_0 + 1] = {"series 1", 0x56b4e9, 0x1f78b0},
    [COLOR_SERIES_0 + 2] = {"series 2", 0x1fb88a, 0x007a58},
    [COLOR_SERIES_0 + 3] = {"series 3", 0xf0e442, 0x807200},
    [COLOR_SERIES_0 + 4] = {"series 4", 0x5c8fe6, 0x1d4f9e},
    [COLOR_SERIES_0 + 5] = {"series 5", 0xf0713a, 0xc4340a},
    [COLOR_SERIES_0 + 6] = {"series 6", 0xdd8fc0, 0xb0568a},
    [COLOR_SERIES_0 + 7] = {"series 7", 0xb4bac4, 0x6b7079},
    [COLOR_SERIES_0 + 8] = {"series 8", 0x7fe3d4, 0x07808a},
    [COLOR_SERIES_0 + 9] = {"series 9", 0xb3a1f5, 0x6a4fc4},
    [COLOR_SERIES_0 + 10] = {"series 10", 0xb7d95f, 0x5f7312},
    [COLOR_SERIES_0 + 11] = {"series 11", 0xd0a57e, 0x875636},
};

#define PAGE_DARK 0x15181d
#define PAGE_LIGHT 0xfdfdfb

uint32_t palette_rgb(enum theme theme, enum color color)
{
	if ((unsigned)color >= PALETTE_COLORS)
		color = COLOR_DEFAULT;
	if (theme == THEME_MONO)
		return entries[COLOR_DEFAULT].dark;
	return theme == THEME_LIGHT ? entries[color].light : entries[color].dark;
}

uint32_t palette_background(enum theme theme, enum color color)
{
	if (color == COLOR_DEFAULT || theme == THEME_MONO || (unsigned)color >= PALETTE_COLORS)
		return theme == THEME_LIGHT ? PAGE_LIGHT : PAGE_DARK;
	return palette_rgb(theme, color);
}

const char *palette_name(enum color color)
{
	return (unsigned)color < PALETTE_COLORS ? entries[color].name : "default";
}

/* A distance that follows the eye roughly: green counts most, red more among light reds. */
static long distance(uint32_t a, uint32_t b)
{
	long ra = a >> 16 & 255, rb = b >> 16 & 255, mean = (ra + rb) / 2;
	long r = ra - rb, g = (long)(a >> 8 & 255) - (long)(b >> 8 & 255), l = (long)(a & 255) - (long)(b & 255);
	return ((512 + mean) * r * r >> 8) + 4 * g * g + ((767 - mean) * l * l >> 8);
}

int palette_256(uint32_t rgb)
{
	static const uint32_t level[6] = {0, 95, 135, 175, 215, 255};
	int best = 16;
	long least = LONG_MAX;
	for (int i = 16; i < 256; i++) {
		uint32_t grey = 8 + 10 * (uint32_t)(i - 232), cube = (uint32_t)(i - 16);
		uint32_t at = i >= 232 ? grey << 16 | grey << 8 | grey
		                       : level[cube / 36] << 16 | level[cube / 6 % 6] << 8 | level[cube % 6];
		long d = distance(rgb, at);
		if (d < least) {
			least = d;
			best = i;
		}
	}
	return best;
}

/* Coloured things stay coloured: pale ones would all be nearest to a grey. */
static int nearest(uint32_t rgb, const uint32_t *table, int n)
{
	int r = (int)(rgb >> 16 & 255), g = (int)(rgb >> 8 & 255), b = (int)(rgb & 255);
	int high = r > g ? (r > b ? r : b) : (g > b ? g : b), low = r < g ? (r < b ? r : b) : (g < b ? g : b);
	bool coloured = high - low > 64;
	int best = 7;
	long least = LONG_MAX;
	for (int i = 0; i < n; i++) {
		bool grey = i % 8 == 0 || i % 8 == 7;
		long d = distance(rgb, table[i]);
		if (grey != coloured && d < least) {
			least = d;
			best = i;
		}
	}
	return best;
}

static const uint32_t sixteen[16] = {
    0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
    0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
};

int palette_16(uint32_t rgb)
{
	return nearest(rgb, sixteen, 16);
}

int palette_8(uint32_t rgb)
{
	return nearest(rgb, sixteen, 8);
}
