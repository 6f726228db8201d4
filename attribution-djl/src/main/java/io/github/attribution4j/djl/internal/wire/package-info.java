// SPDX-License-Identifier: Apache-2.0
/**
 * How a call talks to an instrumented copy: the request, the reply, and the file in the copy that serves them.
 * Internal: no compatibility is promised.
 *
 * <h2>Calling convention</h2>
 *
 * <p>A copy is made at one of three {@linkplain io.github.attribution4j.djl.internal.wire.Level levels}, because
 * libtorch compiles all text with every load. The root module keeps its {@code forward} and gains methods, all of type
 * {@code (List[Tensor]) -> List[Tensor]}, whatever the model. The last two need neither control nor header; only a
 * program that takes tensors and returns one has them.
 *
 * <pre>
 * a4j_forward   the untouched program; absent at level FORWARD if a4j_leaf answers everything
 * a4j_run       the instrumented program: taps, replacements, leaves; absent at level FORWARD
 * a4j_plain     [inputs...] to [output], of the untouched program
 * a4j_leaf      [input] to [output, leaf], for a program with one input
 * </pre>
 *
 * <p>The parameter is {@code a4j_x = [control, input tensors..., replacement tensors...]}: an int64 vector on the CPU,
 * made by {@link io.github.attribution4j.djl.internal.wire.Request#control()}, then tensors on the model's device. The
 * reply is {@code [header, outputs..., taps..., leaves...]}: an int64 vector on the CPU, read by
 * {@link io.github.attribution4j.djl.internal.wire.Reply#of}, then the tensors that it describes. Only tensors cross
 * the border, never an empty list and never {@code None}. The two vectors carry the structure of nested inputs and
 * outputs.
 *
 * <p><b>Control</b>, every entry an int64: {@code wants, want[wants], rows, row[rows][7], layout...}. In a copy for a
 * program that takes one example without an axis of rows, {@code singles, single[singles]} comes before {@code rows}:
 * the numbers of the input tensors that lose an axis of extent 1.
 *
 * <ul>
 * <li>{@code want}: numbers of the input tensors for which a gradient is wanted. Input tensors are all tensors inside
 *     the arguments of {@code forward}, in order of declaration, depth first. Each wanted one becomes a new leaf,
 *     {@code requires_grad_(detach(x))}; all others are detached. The program never writes to the caller's tensors: if
 *     it has operators in place, it works on clones.
 * <li>{@code row = (module, call, side, element, replacement, leaf, view)} names a value inside the model, for
 *     {@code a4j_run} only. {@code module}: pre-order index. {@code call}: the number of the module's call within one
 *     run, from 0, or -1 for every call. {@code side}: 0 the call's result, 1 its arguments, 2 and above a place in the
 *     text, at level VALUES. {@code element}: the tensor within the result or the arguments, flattened depth first; a
 *     {@code None} counts as one. {@code replacement}: the number of the replacement tensor, or -1 for none.
 *     {@code leaf}: 1 makes the value a new leaf of the graph. {@code view}: {@code 8 * n + form}, how taps, leaves and
 *     replacements differ from the value in the program: form 0 not at all, 1 by an axis of extent 1 in front, 2
 *     {@code (n, k, ...)} for {@code (n * k, ...)}, 3 the same for {@code (k * n, ...)}, 4 axis n comes first. 16-bit
 *     values are shown in float32, and a replacement is converted to the type of the original. A call of a module with
 *     submodules is not computed if its result is one replaced tensor.
 * <li>{@code layout}: one entry for each parameter with a default (0 default, 1 given), and within each parameter by
 *     its type: {@code Tensor} nothing, {@code Optional} 0 or 1, {@code List} the length, {@code Dict} the length and
 *     the keys, {@code int} and {@code bool} the value, {@code float} a mantissa and an exponent of two (exponent 9999:
 *     infinity with the sign of the mantissa, or NaN if that is 0), {@code str} the number of its UTF-8 bytes and the
 *     bytes, {@code number} 0 and an int or 1 and a float. For {@code Any}, and for a {@code Union} that contains it, a
 *     tensor is passed; for another {@code Union}, its first type.
 * </ul>
 *
 * <p><b>Header</b>: {@code outputs, taps, leaves, (row, call, dependent)[taps], layout...}. Taps come in the order of
 * execution, and a row whose value did not occur has none. {@code dependent} is 1 if the value, as computed, has a
 * gradient with respect to a wanted input or an earlier leaf. A tap is only the value that the rest of the model works
 * on. What the module itself computes later with the same tensor does not count towards gradients at the tap, so a tap,
 * a leaf and a replacement have the same gradient. Leaves come in the order of {@code want}. {@code layout} describes
 * the output value as above.
 *
 * <p><b>Cuts.</b> Head of a cut: one row without replacement, {@code want} the inputs; differentiate the tap by the
 * leaves. Tail: the same row with replacement, and leaf if a gradient is wanted; differentiate outputs by the tap. Both
 * at once, as for GradCAM: a row with leaf and without replacement; nothing below the layer records a graph.
 *
 * <p>While the program runs instrumented, tasks that it forks are waited for at once, so that taps have a fixed order.
 * Its fused attention path is off then.
 *
 * <p><b>Gradients</b> are computed by {@link io.github.attribution4j.djl.internal.wire.Toolbox}, an archive of our own,
 * one for each process. Its {@code forward} takes {@code [control, outputs..., with respect to..., cotangents...]},
 * where control is {@code [number of outputs, number of tensors with respect to, retain graph (0 or 1)]} and each
 * output has one cotangent. It returns {@code [defined, gradients...]}: int64 flags, 0 if the gradient is undefined
 * because the tensor does not reach the outputs; the gradient is then zeros.
 */
@NullMarked
package io.github.attribution4j.djl.internal.wire;

import org.jspecify.annotations.NullMarked;
