// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A {@link DifferentiableModel} that can be cut at values inside it. */
public interface LayeredModel extends DifferentiableModel {
    /**
     * Returns the points at which this model can be cut, in the order of the model's declaration: one for each call of
     * a module that returns tensors, element 0 of its output. {@link Cut.Point#output} and {@link Cut.Point#input}
     * address other elements, and arguments of modules, from these.
     */
    List<Cut.Point> cutPoints();

    /**
     * Cuts the model at one value, or at several of which none depends on another.
     *
     * @param points at least one, all different; see {@link #cutPoints()}
     * @return heads and tail, usable until this model is closed
     * @throws UnknownLayerException naming the nearest known paths
     */
    Cut cut(List<Cut.Point> points);

    /** Returns {@link #cut(List)} at one point. */
    default Cut cut(Cut.Point point) {
        return cut(List.of(point));
    }

    /**
     * Cuts the model at values given by their addresses.
     *
     * @param addresses such as {@code layer4.1.conv2}, the output of the module that PyTorch's {@code named_modules()}
     *     shows under this path, or any other text that {@link Cut.Point} describes
     * @throws UnknownLayerException naming the nearest known addresses
     */
    default Cut cut(String... addresses) {
        return cut(Arrays.stream(addresses).map(this::cutPoint).toList());
    }

    /**
     * Returns the cut point with this address.
     *
     * @param address text that {@link Cut.Point} describes
     * @throws UnknownLayerException naming the nearest known addresses
     */
    default Cut.Point cutPoint(String address) {
        List<Cut.Point> known = cutPoints();
        return find(known, address)
                .orElseThrow(() -> new UnknownLayerException(
                        address, known.stream().map(Cut.Point::toString).toList()));
    }

    /**
     * Returns a remark on a cut point in addition to its address and kind, such as that its module is called
     * repeatedly. Empty for most points.
     *
     * @param point one of {@link #cutPoints()}
     */
    default String note(Cut.Point point) {
        return "";
    }

    /**
     * Runs the model and lists every value at which it can be cut with these inputs, in the order of
     * {@link #cutPoints()}: all results and arguments of the calls of its modules.
     *
     * @param inputs of the whole model
     * @return addresses, types and shapes; points that these inputs do not reach are left out
     */
    List<Cut.Value> values(Inputs inputs);

    /**
     * Returns the names of the model's weights, parameters and buffers, as in PyTorch's {@code state_dict()}:
     * {@code conv1.weight}, {@code bn1.running_mean}. Empty if the model does not give access to weights.
     */
    default List<String> weightNames() {
        return List.of();
    }

    /**
     * Returns a weight, on the plain-Java backend, owned by the current scope.
     *
     * @param name one of {@link #weightNames()}
     * @throws IllegalArgumentException if there is no such weight, naming similar names
     */
    default Tensor weight(String name) {
        throw new IllegalArgumentException("weight '" + name + "' does not exist; this model shows no weights");
    }

    /**
     * Looks up an address among points. If the whole address is a path, it is that path; only otherwise is its end read
     * as a call, side or element.
     *
     * @param known points at element 0 of outputs
     * @param address text that {@link Cut.Point} describes
     * @return the point with that side and element; empty if no point has the path and call
     */
    static Optional<Cut.Point> find(List<Cut.Point> known, String address) {
        Optional<Cut.Point> named = known.stream()
                .filter(point -> point.call() == 0 && point.path().equals(address))
                .findFirst();
        if (named.isPresent()) {
            return named;
        }
        Cut.Point.Suffix suffix = Cut.Point.Suffix.of(address);
        return known.stream()
                .filter(point -> named(point, suffix.path()))
                .findFirst()
                .map(point -> suffix.side() == Cut.Side.INPUT
                        ? point.input(suffix.element())
                        : point.output(suffix.element()));
    }

    private static boolean named(Cut.Point point, String text) {
        return point.output(0).toString().equals(text) || (point.call() == 0 && (point.path() + "#0").equals(text));
    }
}
