/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "model/mixture.h"
#include "base/vec.h"

HOT static double mixture_soften_hot(const double *joint, size_t kp, double *q)
{
	vec most = VEC_GET(joint);
	for (size_t g = VEC_LANES; g < kp; g += VEC_LANES) {
		vec v = VEC_GET(joint + g);
		ivec more = v > most;
		most = (vec)(((ivec)v & more) | ((ivec)most & ~more));
	}
	double top = most[0];
	for (int i = 1; i < VEC_LANES; i++)
		top = most[i] > top ? most[i] : top;
	if (!(top > -INFINITY)) /* nothing is possible, or there is no number */
		return top;
	vec sum = EACH(0.0);
	for (size_t g = 0; g < kp; g += VEC_LANES) {
		vec e, z = VEC_GET(joint + g) - top;
		VEC_EXP(e, z);
		sum += e;
		if (q)
			VEC_PUT(q + g) = e;
	}
	double all = LANE_SUM(sum), one = 1 / all;
	for (size_t g = 0; g < kp && q; g += VEC_LANES) {
		vec share = VEC_GET(q + g) * one;
		ivec some = share >= MIXTURE_LEAST;
		VEC_PUT(q + g) = (vec)((ivec)share & some);
	}
	return top + log(all);
}

double mixture_soften(const double *joint, size_t kp, double *q)
{
	return mixture_soften_hot(joint, kp, q);
}
