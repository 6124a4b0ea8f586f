/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/embedded.h"

/* The assembler looks for the files from where make runs, the top of the source tree. */
#define EMBED(symbol, file)                             \
	__asm__(".pushsection .rodata\n"                    \
	        ".global " #symbol "\n"                     \
	        #symbol ":\n"                               \
	        ".incbin \"" file "\"\n"                    \
	        ".global " #symbol "_end\n"                 \
	        #symbol "_end:\n"                           \
	        ".byte 0\n"                                 \
	        ".popsection\n")

EMBED(embedded_gazette, "assets/gazette.csv");
EMBED(embedded_stopwords, "assets/stopwords-en.txt");

extern const char embedded_gazette_end[], embedded_stopwords_end[];

size_t embedded_gazette_size(void)
{
	return (size_t)(embedded_gazette_end - embedded_gazette);
}

size_t embedded_stopwords_size(void)
{
	return (size_t)(embedded_stopwords_end - embedded_stopwords);
}
