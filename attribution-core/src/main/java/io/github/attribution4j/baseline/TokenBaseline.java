// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The text with every token replaced by a reference token (padding, mask, any other), except those that carry the
 * text's structure, which stay. It is Captum's {@code TokenReferenceBase} with kept tokens.
 *
 * <p>A baseline of token ids. Methods that replace ids use it directly; for a method at an embedding, where gradients
 * exist, it is lifted:
 *
 * <pre>{@code
 * Baseline masked = TokenBaseline.of(103).keeping(101, 102);               // [MASK], but for [CLS] and [SEP]
 * new FeatureAblation().baseline(masked);                   // on ids
 * new IntegratedGradients().baseline(masked.throughHead());    // at the embedding
 * }</pre>
 *
 * <p>Kept tokens equal their reference, so methods that compare with the baseline give them zero. All attributed inputs
 * are taken as ids of the same vocabulary; for types or positions besides, give ids by hand with {@link Baseline#of}.
 * Immutable and thread-safe.
 */
public final class TokenBaseline implements Baseline {
    private final long token;
    private final long[] kept;

    private TokenBaseline(long token, long[] kept) {
        this.token = token;
        this.kept = kept;
    }

    /**
     * Returns the baseline of a reference token.
     *
     * @param token id of the reference token, 0 or more
     */
    public static TokenBaseline of(long token) {
        return new TokenBaseline(checked(token), new long[0]);
    }

    /**
     * Returns a copy that also keeps these tokens.
     *
     * @param tokens ids, such as those of the class and separator tokens, and of padding
     */
    public TokenBaseline keeping(long... tokens) {
        Arrays.stream(tokens).forEach(TokenBaseline::checked);
        long[] all = Arrays.copyOf(kept, kept.length + tokens.length);
        System.arraycopy(tokens, 0, all, kept.length, tokens.length);
        return new TokenBaseline(token, Arrays.stream(all).sorted().distinct().toArray());
    }

    private static long checked(long token) {
        if (token < 0) {
            throw new IllegalArgumentException("token " + token + ": ids count from 0");
        }
        return token;
    }

    /**
     * Returns the reference of ids.
     *
     * @param ids of an integer type, any shape
     * @return the same type and shape, owned by the current scope
     */
    public Tensor of(Tensor ids) {
        Tensor reference = ids.tensors().full(ids.shape(), ids.dataType(), (double) token);
        for (long one : kept) {
            reference = ids.eq((double) one).where(ids, reference);
        }
        return reference;
    }

    @Override
    public List<Tensor> rows(Inputs inputs, long[] examples, long[] samples, Run run) {
        List<Tensor> references = new ArrayList<>();
        for (Tensor ids : inputs.attributed()) {
            references.add(of(ids.select(0, examples)));
        }
        return references;
    }

    @Override
    public boolean isDistribution() {
        return false;
    }

    @Override
    public void check(Inputs inputs, Problems problems) {
        for (Inputs.Input input : inputs.attributedInputs()) {
            problems.require(
                    !input.tensor().dataType().isFloating(),
                    "baseline " + describe() + " is one of token ids, and input '" + input.name() + "' is "
                            + input.tensor().dataType()
                            + "; for a method at an embedding give it with throughHead()");
        }
    }

    @Override
    public String describe() {
        return "token " + token + (kept.length == 0 ? "" : " keeping " + Arrays.toString(kept));
    }

    @Override
    public String toString() {
        return describe();
    }
}
