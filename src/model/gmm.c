/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A mixture of Gaussians in 1 to 20 dimensions (Bishop 2006, section 9.2). log p is that of the density. */
#include <math.h>
#include <string.h>

#include "elbow/points.h"
#include "model/gmm.h"
#include "model/mixture.h"
#include "model/models.h"

struct gmm_shape gmm_shape_of(size_t k, size_t d)
{
	struct gmm_shape s = {.k = k, .kp = mixture_padded(k), .d = d, .tri = d * (d + 1) / 2};
	s.means = mixture_theta(k);
	s.covariances = s.means + k * d;
	s.offset = s.covariances + k * d * d;
	s.factor = s.offset + k * d;
	s.second = d * s.kp;
	s.frame = s.second + s.tri * s.kp;
	s.stats_size = s.frame + (d + s.tri) * s.kp;
	s.frame_size = (2 * d + s.tri + 1) * s.kp;
	s.gather = s.frame_size;
	s.flag = 2 * s.frame_size;
	s.new_offset = s.flag + GMM_FLAGS;
	s.new_factor = s.new_offset + k * d;
	s.derived_size = s.new_factor + k * d * d;
	return s;
}

struct gmm_shape gmm_shape(const struct em_problem *p)
{
	return gmm_shape_of(p->layout.components, p->data->points->columns);
}

int gmm_kind(const struct em_problem *p)
{
	return (int)em_settings_number(p->settings, "covariance");
}

double gmm_floor(const struct em_problem *p)
{
	return em_settings_number(p->settings, "floor");
}

bool gmm_is_diagonal(const struct em_problem *p)
{
	int kind = gmm_kind(p);
	return kind == GMM_DIAGONAL || kind == GMM_SPHERICAL;
}

static enum em_status fits(const struct em_points *x, double floor, struct em_err *err)
{
	if (x->columns > GMM_COLUMNS)
		return em_fail(err, EM_USAGE, "a mixture of Gaussians takes 1 to %d columns; the table has %zu, choose some with columns=",
		               GMM_COLUMNS, x->columns);
	for (size_t j = 0; j < x->columns; j++) {
		if (!isfinite(x->mean[j]) || !isfinite(x->sd[j] * x->sd[j]) || x->sd[j] > 1e150)
			return em_fail(err, EM_INPUT, "column %s has values too large for a variance; take a larger unit", x->column[j]);
		if (gmm_variance(x, j) > 0 || floor > 0)
			continue;
		if (x->rows == 1)
			return em_fail(err, EM_INPUT, "one row has no variance, and the likelihood no maximum; give more rows, or set floor "
			               "above 0");
		return em_fail(err, EM_INPUT, "column %s is the same in every row (%g): its variance is 0, and the likelihood has no maximum; "
		               "leave it out, or set floor above 0", x->column[j], x->mean[j]);
	}
	return EM_OK;
}

static enum em_status layout(const struct em_data *data, const struct em_settings *settings, struct em_layout *out,
                             struct em_err *err)
{
	const struct em_points *x = data->points;
	size_t k = (size_t)em_settings_number(settings, "components"), d = x->columns;
	enum em_status st = fits(x, em_settings_number(settings, "floor"), err);
	if (st)
		return st;
	struct gmm_shape s = gmm_shape_of(k, d);
	mixture_layout(data, k, 2 * k * d * (d + 1), s.stats_size, s.derived_size, d * s.kp, out);
	out->theta[out->theta_arrays++] = (struct em_array){"means", 2, {k, d}, {d, 1}, s.means, EM_FREE};
	out->theta[out->theta_arrays++] =
	    (struct em_array){"covariances", 3, {k, d, d}, {d * d, d, 1}, s.covariances, EM_POSITIVE_DEFINITE};
	return EM_OK;
}

static void derive(const struct em_problem *p, const double *theta, double *out)
{
	struct gmm_shape s = gmm_shape(p);
	gmm_frame(&s, theta + s.offset, theta + s.factor, out);
	memset(out + s.flag, 0, GMM_FLAGS * sizeof *out);
	out[s.flag + GMM_IS_DIAGONAL] = gmm_is_diagonal(p);
}

static void log_density(const struct em_problem *p, const double *theta, const double *derived, size_t n, double *out,
                        double *scratch)
{
	(void)theta;
	const struct em_points *x = p->data->points;
	/* As in gmm_shape_of, here once a row. */
	size_t d = x->columns, kp = mixture_padded(p->layout.components), flag = 2 * (2 * d + d * (d + 1) / 2 + 1) * kp;
	gmm_whiten(derived, d, kp, derived[flag + GMM_IS_DIAGONAL] > 0, x->x + n * d, x->mean, scratch, out);
}

/* As all mixtures, and the moments from the y that the densities have left in the scratch. */
static void collect(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                    struct em_bound *out, double *work)
{
	mixture_collect(p, t, n, q, NULL, out, work);
	if (!stats)
		return;
	const struct em_points *x = p->data->points;
	size_t k = p->layout.components, kp = mixture_padded(k), d = x->columns, triangle = d * (d + 1) / 2 * kp;
	size_t frame_size = 2 * d * kp + triangle + kp;
	const double *frame = t->derived + kp, *flag = frame + 2 * frame_size;
	double *y = work + 4 * kp;
	if (flag[GMM_IS_MOVED] > 0) {
		frame += frame_size;
		gmm_whiten(frame, d, kp, flag[GMM_IS_DIAGONAL] > 0, x->x + n * d, x->mean, y, NULL);
	}
	for (size_t i = 0; i < k; i++)
		stats[i] += q[i];
	stats[kp] += 1;
	stats += mixture_stats(k);
	gmm_add(d, kp, flag[GMM_IS_DIAGONAL] > 0, q, y, stats, stats + d * kp);
	for (size_t i = 0; i < d * kp + triangle && n == 0; i++) /* once: with the first row */
		stats[d * kp + triangle + i] += frame[i];
}

static size_t describe(const struct em_problem *p, const double *theta, size_t k, struct em_item *out, size_t max)
{
	struct gmm_shape s = gmm_shape(p);
	size_t n = 0;
	for (; n < s.d && n < max; n++)
		out[n] = (struct em_item){(uint32_t)n, theta[s.means + k * s.d + n], p->data->points->column[n]};
	return n;
}

static const char *equation(const struct em_problem *p, bool m_phase)
{
	if (!m_phase)
		return "q_nk ∝ w_k N(x_n; μ_k, Σ_k)";
	switch (gmm_kind(p)) {
	case GMM_DIAGONAL:
		return "μ_k = Σ_n q_nk x_n / R_k    σ²_kj = Σ_n q_nk (x_nj−μ_kj)² / R_k    w_k = R_k / N    R_k = Σ_n q_nk";
	case GMM_SPHERICAL:
		return "μ_k = Σ_n q_nk x_n / R_k    σ²_k = Σ_n q_nk |x_n−μ_k|² / (D R_k)    w_k = R_k / N    R_k = Σ_n q_nk";
	case GMM_TIED:
		return "μ_k = Σ_n q_nk x_n / R_k    Σ = Σ_k Σ_n q_nk (x_n−μ_k)(x_n−μ_k)ᵀ / N    w_k = R_k / N    R_k = Σ_n q_nk";
	default:
		return "μ_k = Σ_n q_nk x_n / R_k    Σ_k = Σ_n q_nk (x_n−μ_k)(x_n−μ_k)ᵀ / R_k    w_k = R_k / N    R_k = Σ_n q_nk";
	}
}

static const char *const blocks[] = {"means", "covariances", NULL};

static const struct mixture mixture = {
	.blocks = blocks, .derive = derive, .log_density = log_density, .m_step = gmm_m_step, .expected = gmm_expected,
	.seed = gmm_seed, .distance = gmm_distance, .check = gmm_check,
};

static const char *const kinds[] = {"full", "diagonal", "spherical", "tied", NULL};

static const struct em_setting rows[] = {
	MIXTURE_ROWS("2"),
	{"covariance", EM_CHOICE, "full", 0, 0, kinds, EM_EFFECT_RESTART,
	 "shape of the covariances: any, along the columns, the same in all directions, or one of any shape for all components"},
	{"floor", EM_REAL, "0", 0, 1e300, NULL, EM_EFFECT_RESTART, "smallest eigenvalue of a covariance allowed; 0 for none"},
};
static const struct em_setting_table settings = {"gmm", rows, sizeof rows / sizeof rows[0]};

const struct em_model em_model_gmm = {
	MIXTURE_MEMBERS,
	.name = "gmm",
	.title = "Gaussians",
	.observation = "row",
	.component = "component",
	.latent = "q(z) = Π_n q(z_n): which Gaussian row n was drawn from",
	.takes = EM_DATA_POINTS,
	.picture = EM_PICTURE_GAUSSIAN,
	.init = mixture_init,
	.complete = gmm_complete,
	.collect = collect,
	.again = gmm_again,
	.health = gmm_health,
};
