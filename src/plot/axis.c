/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/axis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

#define LARGEST 1e300
#define FINEST 1e-12 /* a range narrower than this part of its values is rounding, not data */

static double clamp(double x)
{
	return x > LARGEST ? LARGEST : x < -LARGEST ? -LARGEST : x;
}

/* Makes a range that can be drawn out of any two numbers. */
static void repair(double *lo, double *hi, bool integer)
{
	if (!isfinite(*lo) && !isfinite(*hi)) {
		*lo = 0;
		*hi = 1;
	}
	if (!isfinite(*lo))
		*lo = *hi;
	if (!isfinite(*hi))
		*hi = *lo;
	*lo = clamp(*lo);
	*hi = clamp(*hi);
	if (*lo > *hi) {
		double swap = *lo;
		*lo = *hi;
		*hi = swap;
	}
	double size = fmax(fabs(*lo), fabs(*hi));
	if (integer && size < 1e9 && (*lo == *hi || floor(*hi) < ceil(*lo))) {
		*lo = floor(*lo);
		*hi = *lo + 1;
	}
	if (*hi - *lo > size * FINEST && *hi - *lo > 1e-280)
		return;
	double half = size > 1e-280 ? size * 0.05 : 0.5;
	*lo -= half;
	*hi += half;
}

/* The next step of 1, 2, 5, 10, 20 ... as a digit and a power of ten: exact, where repeated products are not. */
struct step {
	int digit, power;
};

static double step_value(struct step s)
{
	return s.power >= 0 ? s.digit * pow(10, s.power) : s.digit / pow(10, -s.power);
}

static struct step step_up(struct step s)
{
	if (s.digit == 5)
		return (struct step){1, s.power + 1};
	return (struct step){s.digit == 1 ? 2 : 5, s.power};
}

static struct step step_down(struct step s)
{
	if (s.digit == 1)
		return (struct step){5, s.power - 1};
	return (struct step){s.digit == 5 ? 2 : 1, s.power};
}

/* Thresholds between the steps at their geometric means, as d3 has them. */
static struct step step_about(double span, int wanted)
{
	double raw = span / (wanted < 1 ? 1 : wanted);
	int power = (int)floor(log10(raw));
	double rest = raw / pow(10, power);
	if (rest >= sqrt(50))
		return (struct step){1, power + 1};
	return (struct step){rest >= sqrt(10) ? 5 : rest >= sqrt(2) ? 2 : 1, power};
}

double axis_step(double span, int wanted)
{
	if (!(span > 1e-290) || !(span < 1e305))
		span = 1;
	return step_value(step_about(span, wanted));
}

/* Multiples of the step at the ends of lo..hi, allowing for rounding; outside them when nice. */
static void ends(double lo, double hi, double step, bool nice, double *first, double *last)
{
	double slack = 1e-9;
	*first = nice ? floor(lo / step + slack) : ceil(lo / step - slack);
	*last = nice ? ceil(hi / step - slack) : floor(hi / step + slack);
}

/* The finest step that gives at most `wanted` ticks. */
static struct step choose(double lo, double hi, int wanted, bool integer, bool nice)
{
	struct step s = step_about(hi - lo, wanted * 4);
	for (int i = 0; i < 24; i++, s = step_up(s)) {
		double first, last;
		if (integer && s.power < 0)
			continue;
		ends(lo, hi, step_value(s), nice, &first, &last);
		if (last - first + 1 <= wanted)
			break;
	}
	return s;
}

/* "1.5e20" out of the "1.5e+20" of printf. */
static void exponent_form(double x, int digits, char *out, size_t size)
{
	char plain[48];
	snprintf(plain, sizeof plain, "%.*e", digits < 0 ? 0 : digits > 15 ? 15 : digits, fabs(x));
	char *e = strchr(plain, 'e');
	if (x == 0 || !e) {
		snprintf(out, size, "0");
		return;
	}
	*e = '\0';
	int power = atoi(e + 1);
	while (strchr(plain, '.') && (e[-1] == '0' || e[-1] == '.'))
		*--e = '\0';
	snprintf(out, size, "%s%se%d", x < 0 ? "−" : "", plain, power);
}

/* A number as the labels of this axis have them, `extra` decimals more. */
static void format(const struct axis *a, double x, int extra, char *out, size_t size)
{
	double largest = fmax(fabs(a->lo - a->offset), fabs(a->hi - a->offset));
	if (!isfinite(x) || (largest < 1e9 && a->decimals <= 6)) {
		snprintf(out, size, "%s", number_fixed(x, a->decimals + extra).s);
		return;
	}
	double scale = x != 0 ? fabs(x) : largest;
	int digits = (int)floor(log10(scale) + 1e-9) - (int)floor(log10(a->step) + 1e-9);
	exponent_form(x, digits + extra, out, size);
}

static size_t label_width(const struct axis *a, double x)
{
	char label[2 * AXIS_LABEL];
	format(a, x - a->offset, 0, label, sizeof label);
	return text_width(label);
}

/* The power of ten whose multiples may be taken off the labels: what is left stays below a few units of it. */
static int common_power(const struct axis *a)
{
	return (int)ceil(log10((a->hi - a->lo) / 5) - 1e-9);
}

/* Takes a common part off the labels if they get shorter by that. */
static void take_offset(struct axis *a)
{
	double nearest = a->lo > 0 ? a->lo : a->hi;
	size_t before = label_width(a, a->lo);
	if (a->lo * a->hi <= 0 || fabs(nearest) < 10 * (a->hi - a->lo) || fabs(nearest) >= 1e15 || before < 7)
		return;
	int power = common_power(a);
	double unit = pow(10, abs(power));
	a->offset = power >= 0 ? trunc(nearest / unit) * unit : trunc(nearest * unit) / unit;
	if (label_width(a, a->lo) + 1 > before)
		a->offset = 0;
}

/* Ticks at first, first + stride ... last multiples of the step. */
static void fill(struct axis *a, struct step s, double first, double last, double stride)
{
	a->n = 0;
	for (double k = first; k <= last && a->n < AXIS_TICKS; k += stride) {
		struct axis_tick *t = &a->ticks[a->n++];
		double power = pow(10, abs(s.power));
		*t = (struct axis_tick){.value = (s.power >= 0 ? k * s.digit * power : k * s.digit / power) + 0.0};
		/* In whole units of the last decimal: the difference of large numbers leaves dust. */
		double rest = t->value - a->offset;
		rest = s.power >= 0 ? round(rest / power) * power : round(rest * power) / power;
		format(a, a->offset != 0 ? rest : t->value, 0, t->label, sizeof t->label);
	}
}

static void linear(struct axis *a, double lo, double hi, int wanted, bool integer, bool offset_allowed, bool nice)
{
	repair(&lo, &hi, integer);
	wanted = wanted < 2 ? 2 : wanted > AXIS_TICKS ? AXIS_TICKS : wanted;
	struct step s = choose(lo, hi, wanted, integer, nice);
	double first, last, stride = 1;
	ends(lo, hi, step_value(s), nice, &first, &last);
	while (last - first < 1 && !(integer && s.digit == 1 && s.power == 0)) {
		/* Fewer than two: a finer step, then only some of its ticks. */
		s = step_down(s);
		ends(lo, hi, step_value(s), nice, &first, &last);
		stride = fmax(1, ceil((last - first) / (wanted - 1)));
	}
	*a = (struct axis){.scale = AXIS_LINEAR, .lo = lo, .hi = hi, .step = step_value(s)};
	a->decimals = s.power < 0 ? -s.power : 0;
	if (nice) {
		a->lo = fmin(lo, first * a->step);
		a->hi = fmax(hi, last * a->step);
	}
	if (offset_allowed)
		take_offset(a);
	if (last - first + 1 > wanted)
		stride = fmax(stride, ceil((last - first) / (wanted - 1)));
	fill(a, s, first, last, stride);
}

void axis_linear(struct axis *a, double lo, double hi, int wanted, bool integer, bool offset_allowed)
{
	linear(a, lo, hi, wanted, integer, offset_allowed, false);
}

void axis_linear_nice(struct axis *a, double lo, double hi, int wanted, bool integer, bool offset_allowed)
{
	linear(a, lo, hi, wanted, integer, offset_allowed, true);
}

static void add_decade(struct axis *a, int power, int digit, bool minor)
{
	if (a->n == AXIS_TICKS)
		return;
	struct axis_tick *t = &a->ticks[a->n++];
	*t = (struct axis_tick){.value = digit * pow(10, power), .minor = minor};
	if (minor)
		return;
	if (power >= -3 && power < 5)
		snprintf(t->label, sizeof t->label, "%s", number_fixed(t->value, power < 0 ? -power : 0).s);
	else
		exponent_form(t->value, 0, t->label, sizeof t->label);
}

void axis_log10(struct axis *a, double lo, double hi, int wanted)
{
	if (!(hi > 1e-300) || !isfinite(hi))
		hi = lo > 1e-300 && isfinite(lo) ? lo : 1;
	if (!(lo > 1e-300) || !isfinite(lo))
		lo = hi * 1e-3;
	lo = fmax(fmin(lo, LARGEST), 1e-299);
	hi = fmax(fmin(hi, LARGEST), 1e-299);
	int from = (int)floor(log10(fmin(lo, hi)) + 1e-9), to = (int)ceil(log10(fmax(lo, hi)) - 1e-9);
	if (to <= from)
		to = from + 1;
	wanted = wanted < 2 ? 2 : wanted > AXIS_TICKS ? AXIS_TICKS : wanted;
	int stride = 1;
	while ((to - from) / stride + 1 > wanted)
		stride++;
	*a = (struct axis){.scale = AXIS_LOG10, .lo = pow(10, from), .hi = pow(10, to), .step = 10};
	bool between = stride == 1 && 3 * (to - from) + 1 <= AXIS_TICKS, named = 3 * (to - from) + 1 <= wanted;
	for (int power = from; power <= to; power += stride) {
		add_decade(a, power, 1, false);
		for (int digit = 2; between && power < to && digit <= 5; digit += 3)
			add_decade(a, power, digit, !named);
	}
}

double axis_place(const struct axis *a, double value)
{
	if (a->scale == AXIS_LINEAR)
		return (value - a->lo) / (a->hi - a->lo);
	return value > 0 ? log10(value / a->lo) / log10(a->hi / a->lo) : NAN;
}

double axis_value(const struct axis *a, double place)
{
	if (a->scale == AXIS_LINEAR)
		return a->lo + place * (a->hi - a->lo);
	return a->lo * pow(a->hi / a->lo, place);
}

void axis_title(const struct axis *a, const char *name, char *out, size_t size)
{
	int decimals = -common_power(a);
	if (a->offset == 0)
		snprintf(out, size, "%s", name ? name : "");
	else
		snprintf(out, size, "%s %s %s", name ? name : "value", a->offset < 0 ? "+" : "−",
		         number_fixed(fabs(a->offset), decimals < 0 ? 0 : decimals).s);
}

void axis_format(const struct axis *a, double value, int extra, char *out, size_t size)
{
	if (a->scale == AXIS_LOG10)
		snprintf(out, size, "%s", number_short(value, 3 + extra).s);
	else if (fabs(value) < 1e15 && a->decimals <= 6)
		snprintf(out, size, "%s", number_fixed(value, a->decimals + extra).s);
	else
		format(a, value, extra, out, size);
}

void axis_duration(double seconds, char *out, size_t size)
{
	if (!isfinite(seconds))
		snprintf(out, size, "unknown");
	else if (seconds < 0.9995e-3)
		snprintf(out, size, "%.0f µs", fmax(seconds, 0) * 1e6);
	else if (seconds < 0.9995)
		snprintf(out, size, seconds < 9.95e-3 ? "%.1f ms" : "%.0f ms", seconds * 1e3);
	else if (seconds < 59.95)
		snprintf(out, size, "%.1f s", seconds);
	else {
		double whole = floor(fmin(seconds, 3.6e12) + 0.5), hours = floor(whole / 3600);
		int minutes = (int)fmod(whole / 60, 60), rest = (int)fmod(whole, 60);
		if (hours > 0)
			snprintf(out, size, "%.0f:%02d:%02d", hours, minutes, rest);
		else
			snprintf(out, size, "%d:%02d", minutes, rest);
	}
}
