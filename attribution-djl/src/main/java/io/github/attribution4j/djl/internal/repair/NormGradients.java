// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.repair;

import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Keeps libtorch from a wrong gradient of batch and instance normalization.
 *
 * <p>The stride of an axis with one element says nothing, and operators leave any number there. On a CPU, the backward
 * pass of {@code batch_norm} makes two tests on gradient and input: whether they are channels-last, which ignores such
 * axes, and which order they suggest, which does not. Where the tests disagree, the pass reads elements in the wrong
 * order. It happens for images and volumes with one row, or of one pixel along an axis, where tokens become an image or
 * an image becomes tokens. {@code instance_norm} calls {@code batch_norm} on one long row, so it is wrong for many rows
 * too.
 *
 * <p>So an input of such a call gets definite strides. A gradient gets them on its way back through a reshape to one
 * axis, which copies only what does not lie in row-major order; where the result itself does not, the gradient is
 * written anew. The result keeps its bits and its strides. Without a gradient nothing changes.
 *
 * <p>This is the last change of a program, because no other has to know it.
 */
public final class NormGradients {
    /** The file of the functions, below {@code code/}. It is no part of the program and shows no value. */
    public static final String PATH = "__torch__/a4j_norms.py";

    /** In {@code input}, {@code format} is the number of channels_last or channels_last_3d. */
    public static final String TEXT = """
            def input(x: Tensor) -> Tensor:
              if not ops.prim.requires_grad(x) or torch.dim(x) < 4 or torch.is_contiguous(x):
                return x
              format = torch.dim(x) - 2
              if not torch.is_contiguous(x, format):
                return x
              definite = torch.stride(x, 1) == 1
              expected = torch.size(x, 1)
              for i in range(torch.dim(x) - 2):
                axis = torch.dim(x) - 1 - i
                definite = definite and torch.stride(x, axis) == expected
                expected = expected * torch.size(x, axis)
              if definite and torch.stride(x, 0) == expected:
                return x
              return torch.clone(x, memory_format=format)
            def output(x: Tensor) -> Tensor:
              if not ops.prim.requires_grad(x) or torch.dim(x) < 4:
                return x
              if torch.is_contiguous(x):
                return torch._unsafe_view(torch._unsafe_view(x, [torch.numel(x)]), torch.size(x))
              return (torch.unsafe_split(x, torch.size(x, 0)))[0]
            def outputs(x: Tuple[Tensor, Tensor, Tensor]) -> Tuple[Tensor, Tensor, Tensor]:
              y, mean, rstd, = x
              return (__torch__.a4j_norms.output(y, ), mean, rstd)
            """;

    /** The function that the result of each operator passes. */
    private static final Map<String, String> RESULTS = Map.of(
            "batch_norm", "output",
            "instance_norm", "output",
            "native_batch_norm", "outputs",
            "_native_batch_norm_legit", "outputs",
            "_native_batch_norm_legit_no_training", "outputs");

    private boolean used;

    /** Returns whether a file needs {@link #TEXT}. */
    public boolean used() {
        return used;
    }

    public Stmt.File apply(Stmt.File file) {
        List<Stmt> statements = Trees.mapAll(file.statements(), this::call);
        return statements == file.statements() ? file : new Stmt.File(file.path(), statements);
    }

    private Expr call(Expr expression) {
        if (!(expression instanceof Expr.Call call)) {
            return expression;
        }
        String name = Trees.dotted(call.callee());
        int space = name.startsWith("torch.") ? 6 : name.startsWith("ops.aten.") ? 9 : 0;
        String result = space == 0 ? null : RESULTS.get(name.substring(space));
        if (result == null) {
            return expression;
        }
        used = true;
        List<Expr> arguments = new ArrayList<>(call.arguments());
        List<Expr.Keyword> keywords = new ArrayList<>(call.keywords());
        if (!arguments.isEmpty()) {
            arguments.set(0, function("input", arguments.get(0)));
        } else {
            keywords.replaceAll(
                    k -> k.name().equals("input") ? new Expr.Keyword(k.name(), function("input", k.value())) : k);
        }
        return function(result, new Expr.Call(call.callee(), arguments, keywords, call.trailingComma()));
    }

    private static Expr function(String name, Expr argument) {
        return new Expr.Call(Trees.dotted(AddedNames.NORMS + "." + name), List.of(argument), List.of(), true);
    }
}
