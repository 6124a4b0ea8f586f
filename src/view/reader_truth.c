/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The exact posterior beside q in words: how much surer mean field is of itself, and what its KL is made of. */
#include <math.h>
#include <stdio.h>

#include "view/pane.h"
#include "view/reader.h"

const double *truth_of(const struct mind *m, size_t term)
{
	const struct em_corpus *c = m->s->problem->data->corpus;
	for (size_t i = c->row[m->n]; m->truth && i < c->row[m->n + 1]; i++)
		if (c->term[i] == term)
			return m->truth->posterior->z + (i - c->row[m->n]) * m->components;
	return NULL;
}

/* ---- in words ---- */

/* "82 %", with a decimal where rounding would claim too much. */
static struct number percent(double x)
{
	struct number out;
	double p = 100 * x;
	snprintf(out.s, sizeof out.s, "%.*f %%", (p < 1 && p > 0) || (p > 99 && p < 100) ? 1 : 0, p);
	return out;
}

static struct number half_width(double lo, double hi)
{
	struct number out;
	double p = 50 * (hi - lo);
	snprintf(out.s, sizeof out.s, "%.*f", p == 0 ? 0 : p < 1 ? 2 : p < 3 ? 1 : 0, p);
	return out;
}

static struct number seconds(double s)
{
	struct number out;
	if (s < 90)
		snprintf(out.s, sizeof out.s, "%s s", number_short(s, 2).s);
	else if (s < 5400)
		snprintf(out.s, sizeof out.s, "%.0f min", s / 60);
	else if (s < 360000)
		snprintf(out.s, sizeof out.s, "%.0f h", s / 3600);
	else
		snprintf(out.s, sizeof out.s, "%s days", number_short(s / 86400, 2).s);
	return out;
}

/* "q says 72 % ± 4 of topic 2, the posterior 70 % ± 11: q is 2.6 times too narrow": half of the 90 % intervals. */
static void say_widths(const struct mind *m, struct page *p, char *out, size_t size, bool brief)
{
	const struct em_posterior *x = m->truth->posterior;
	size_t k = 0;
	if (m->components < 2) {
		snprintf(out, size, "one topic: q is the posterior");
		return;
	}
	for (size_t i = 1; i < m->components; i++)
		k = m->gamma[i] > m->gamma[k] ? i : k;
	struct page_interval v = page_interval_of(p, k, m->components, m->gamma[k], m->sum);
	double times = (x->high[k] - x->low[k]) / (v.hi - v.lo), mean = m->gamma[k] / m->sum;
	char how[64];
	if (!isfinite(times) || times <= 0)
		snprintf(how, sizeof how, ": q has no width");
	else if (times >= 1.05 || times <= 0.95)
		snprintf(how, sizeof how, brief ? ": %s× too %s" : ": q is %s times too %s", number_short(times > 1 ? times : 1 / times, 2).s,
		         times > 1 ? "narrow" : "wide");
	else
		snprintf(how, sizeof how, "%s", brief ? "" : ": q is as wide as it should be");
	snprintf(out, size, brief ? "topic %3$zu: q %1$s ± %2$s, exact %4$s ± %5$s%6$s"
	                          : "q says %1$s ± %2$s of topic %3$zu, the posterior %4$s ± %5$s%6$s",
	         percent(mean).s, half_width(v.lo, v.hi).s, k + 1, percent(x->mean[k]).s, half_width(x->low[k], x->high[k]).s, how);
}

static void say_unknown(const struct study *x, char *out, size_t size, bool brief)
{
	if (isinf(x->cost))
		snprintf(out, size, brief ? "posterior unknown: out of reach" : "The exact posterior is unknown: it is out of reach here");
	else
		snprintf(out, size, brief ? "posterior unknown: would take %s" : "The exact posterior is unknown: it would take %s; `study %zu` makes it",
		         seconds(x->cost).s, x->n + 1);
}

/* What KL is made of; both parts carry the error of the same draws. */
static void say_split(const struct em_split *x, double elbo, double log_p, char *out, size_t size, bool brief)
{
	double kl = log_p - elbo;
	int d = kl >= 10 ? 1 : kl >= 0.1 ? 3 : 4;
	char error[72] = "";
	const struct number price = number_fixed(fmax(x->price, 0), d), theta = number_fixed(fmax(x->theta, 0), d);
	if (!brief && 2 * x->level_se >= 0.5 * pow(10, -d)) /* it would be seen */
		snprintf(error, sizeof error, " (± %s)", number_short(2 * x->level_se, 1).s);
	if (isnan(kl))
		snprintf(out, size, "KL unknown; of it %s%s %s", price.s, error, brief ? "independence" : "is the price of independence");
	else
		snprintf(out, size, brief ? "KL %s = %s θ + %s price%s" : "KL %s = %s of θ + %s, the price of independence%s", number_fixed(kl, d).s,
		         theta.s, price.s, error);
}

/* The longest way of saying it that fits. */
void reader_truth_line(struct canvas *c, struct rect r, const struct picture *pic, const struct mind *m, struct page *p)
{
	const struct study *x = pic->study;
	char left[2][200], right[2][200], text[420];
	if (r.h < 1 || !x || x->n != m->n || m->kind != MIND_DIRICHLET)
		return;
	double log_p = m->truth ? m->truth->posterior->log_p : m->s->obs[m->n].log_evidence;
	for (int brief = 0; brief < 2; brief++) {
		if (m->truth)
			say_widths(m, p, left[brief], sizeof left[brief], brief);
		else
			say_unknown(x, left[brief], sizeof left[brief], brief);
		say_split(&x->split, m->s->obs[m->n].elbo, log_p, right[brief], sizeof right[brief], brief);
	}
	struct style style = style_of(m->truth ? COLOR_EVIDENCE : COLOR_WARN);
	if (r.h > 1) {
		canvas_put_clipped(c, r.x, r.y, r.w, style, left[canvas_width(c, left[0]) > r.w]);
		canvas_put_clipped(c, r.x, r.y + 1, r.w, style_of(COLOR_KL), right[canvas_width(c, right[0]) > r.w]);
		return;
	}
	snprintf(text, sizeof text, "%s · %s", left[1], right[1]);
	canvas_put_clipped(c, r.x, r.y, r.w, style, canvas_width(c, text) <= r.w ? text : left[canvas_width(c, left[0]) > r.w]);
}
