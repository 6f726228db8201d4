// SPDX-License-Identifier: Apache-2.0
/**
 * How a call talks to an instrumented copy: the request, the reply, and the file that answers in the copy. Internal: no compatibility is promised.
 *
 * <h2>Calling convention</h2>
 *
 * A copy is made at one of three {@linkplain io.github.attribution4j.djl.internal.wire.Level levels}, because libtorch compiles all text with every load. The root module keeps
 * its {@code forward} and gains one or two methods. Both have the same signature, whatever the model. A program that takes tensors and returns one has two more, which need neither control
 * nor header:
 *
 * <pre>
 * a4j_forward(self, a4j_x: List[Tensor]) -> List[Tensor]     the untouched program; not at level FORWARD where there is a4j_leaf, which says all that could be asked
 * a4j_run    (self, a4j_x: List[Tensor]) -> List[Tensor]     the instrumented program: taps, replacements, leaves; not at level FORWARD
 * a4j_plain  (self, a4j_x: List[Tensor]) -> List[Tensor]     [inputs...] to [output], of the untouched program
 * a4j_leaf   (self, a4j_x: List[Tensor]) -> List[Tensor]     [input] to [output, leaf], where there is one input
 * </pre>
 *
 * <p>{@code a4j_x} is {@code [control, input tensors..., replacement tensors...]}: an int64 vector on the CPU, made by {@link
 * io.github.attribution4j.djl.internal.wire.Request#control()}, then tensors on the model's device. The answer is {@code [header, outputs..., taps..., leaves...]}:
 * an int64 vector on the CPU, read by {@link io.github.attribution4j.djl.internal.wire.Reply#of}, then the tensors it describes. Nothing but tensors crosses the
 * border, never an empty list and never {@code None}; the structure of nested inputs and outputs travels in the two vectors.
 *
 * <p><b>Control</b>, every entry an int64: {@code wants, want[wants], rows, row[rows][7], layout...}. In a copy made for
 * a program that takes one example without an axis of rows, {@code singles, single[singles]} stands before {@code rows}: the numbers of the input tensors that lose an axis of extent 1.
 *
 * <ul>
 *   <li>{@code want}: numbers of the input tensors (all the tensors inside the arguments of {@code forward}, in order of declaration, depth first) for which a gradient is wanted. Each becomes a fresh leaf, {@code requires_grad_(detach(x))}; all the others are detached. The caller's tensors
 *       are never written to: where the program holds in-place operations it works on clones.
 *   <li>{@code row = (module, call, side, element, replacement, leaf, view)} names a value inside the model, {@code a4j_run} only. {@code module}: pre-order index. {@code call}: the number of the
 *       call of this module within one run, from 0, or -1 for every call. {@code side}: 0 the call's result, 1 its arguments, 2 and above a place in the text, at level VALUES. {@code element}: which tensor of the result (of the
 *       arguments), flattened depth first; a {@code None} counts as one. {@code replacement}: which of the replacement tensors takes the value's place, or -1 to
 *       leave it. {@code leaf}: 1 makes the value a fresh leaf of the graph. {@code view}: {@code 8 * n + form}, how taps, leaves and replacements
 *       differ from what the program computes: form 0 not at all, 1 by an axis of extent 1 in front, 2 {@code (n, k, ...)} for {@code (n * k, ...)}, 3 the same for {@code (k * n, ...)}, 4 by axis n, which comes first. Values of 16 bits are
 *       shown in float32, and what takes a value's place is converted to its type. A call of a module with modules inside is not computed if its result is one replaced tensor.
 *   <li>{@code layout}: one entry a parameter with a default (0 take the default, 1 given), and within each parameter by its type: {@code Tensor} nothing, {@code Optional} 0 or 1,
 *       {@code List} the length, {@code Dict} the length and the keys, {@code int} and {@code bool} the value, {@code float} a mantissa and an exponent of two (exponent
 *       9999: infinity with the sign of the mantissa, or NaN if that is 0), {@code str} the number of its UTF-8 bytes and the bytes, {@code number} 0 and an int or 1
 *       and a float. Of {@code Any}, and of a {@code Union} with it, a tensor is passed; of another {@code Union} its first type.
 * </ul>
 *
 * <p><b>Header</b>: {@code outputs, taps, leaves, (row, call, dependent)[taps], layout...}. Taps come in the order of execution, and a
 * row whose value did not occur has none. {@code dependent} is 1 if the value, as computed, has a gradient with respect to a wanted input or an earlier leaf. A tap is the value that the rest of the model works on, and only that: what the module itself goes on to do with the same tensor does not
 * count towards gradients at the tap, so that a tap, a leaf and a replacement have one gradient. Leaves come in the order of {@code want}. {@code layout} describes the output value as above.
 *
 * <p><b>How to say it.</b> Head of a cut: one row, no replacement, {@code want} the inputs; differentiate the tap by the leaves. Tail: the same row with replacement, and leaf if a gradient is
 * wanted; differentiate outputs by the tap. Both at once, as for GradCAM: a row with leaf and without replacement; nothing below the layer records a graph.
 *
 * <p>Tasks that the program forks are waited for at once while it runs instrumented, so that taps have a fixed order. Its fused attention path is off then.
 *
 * <p><b>Gradients</b>: {@link io.github.attribution4j.djl.internal.wire.Toolbox} is an archive of our own, one per process, whose {@code forward(self, a4j_x: List[Tensor]) ->
 * List[Tensor]} takes {@code [control, outputs..., with respect to..., cotangents...]}, control {@code = [number of outputs, number of tensors with respect to, retain graph (0 or 1)]}, and one
 * cotangent an output. It answers {@code [defined, gradients...]}: int64 flags, 0 where the gradient is undefined because the tensor does not reach the outputs; the gradient is then zeros.
 */
@NullMarked
package io.github.attribution4j.djl.internal.wire;

import org.jspecify.annotations.NullMarked;
