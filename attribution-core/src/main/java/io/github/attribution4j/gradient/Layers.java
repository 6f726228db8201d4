// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import java.util.List;

/** The setting that holds the layers of a method, as addresses. */
final class Layers {
    static final Setting<List<String>> SETTING = Setting.required(
            "layer",
            Kind.ADDRESSES,
            "what is explained: one layer, or several of which none depends on another; --layer sets it too");

    private Layers() {}

    static <M> Settings<M> of(Description<M> description, String... layers) {
        if (layers.length == 0) {
            throw new IllegalArgumentException("layers: none given; name at least one");
        }
        return description.defaults().with(SETTING, List.of(layers));
    }
}
