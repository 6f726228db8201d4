// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds, in a program's text, the reason why rows of one call may influence each other. There are two. A dynamically
 * quantized operator chooses its range from all rows of a call, so a row's output depends on the others by about one
 * step of 127 (float16 needs no range). The other is what {@link RowDecisions} finds.
 */
public final class RowInfluence {
    private static final Pattern OPERATOR = Pattern.compile("\\b(?:torch|ops\\.[a-z_]+)\\.("
            + "(?!\\w*fp16)\\w+_dynamic(?!\\w*fp16)\\w*|quantized_(?:lstm|gru)(?:_cell)?"
            + "|quantized_rnn_(?:tanh|relu)_cell|fbgemm_linear_int8_weight(?:_fp32_activation)?"
            + "|choose_qparams\\w*|_choose_qparams_per_tensor"
            + "|fused_moving_avg_obs_fake_quant|_fused_moving_avg_obs_fq_helper)\\(");

    private RowInfluence() {}

    /** Returns why rows of a program must not share a call, if its text shows a reason. */
    public static Optional<String> reason(TorchArchive archive) {
        for (String text : archive.code().values()) {
            Matcher found = OPERATOR.matcher(text);
            if (found.find()) {
                return Optional.of("the program quantizes by the range of all rows of a call (" + found.group(1) + ")");
            }
        }
        return RowDecisions.find(archive).map(what -> "the model's rows may change each other: its program " + what);
    }
}
