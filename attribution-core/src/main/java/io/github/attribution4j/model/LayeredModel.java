/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.model;

import java.util.List;

/** A {@link DifferentiableModel} that can be cut at values inside it. */
public interface LayeredModel extends DifferentiableModel {
    /** Returns the points at which this model can be cut, in the order of the model's declaration. */
    List<CutPoint> cutPoints();

    /**
     * Cuts the model.
     *
     * @param point one of {@link #cutPoints()}
     * @return head and tail, which live as long as this model
     */
    Cut cut(CutPoint point);

    /**
     * Cuts the model at the output of a module.
     *
     * @param path dotted path, as PyTorch's {@code named_modules()} shows it, such as {@code layer4.1.conv2}
     * @throws UnknownLayerException naming the nearest known paths
     */
    default Cut cut(String path) {
        return cut(cutPoint(path));
    }

    /**
     * Returns the cut point with this address.
     *
     * @param path dotted path
     * @throws UnknownLayerException naming the nearest known paths
     */
    default CutPoint cutPoint(String path) {
        List<CutPoint> points = cutPoints();
        for (CutPoint point : points) {
            if (point.path().equals(path)) {
                return point;
            }
        }
        throw new UnknownLayerException(
                path, points.stream().map(CutPoint::path).distinct().toList());
    }
}
