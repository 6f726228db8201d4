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
package io.github.attribution4j.djl.internal.archive;

/**
 * One entry of a zip directory.
 *
 * @param name name as stored
 * @param method 0 stored, 8 deflated
 * @param crc CRC-32 of the uncompressed bytes
 * @param compressed number of bytes in the file
 * @param size number of uncompressed bytes
 * @param header position of the local header
 */
record ZipMember(String name, int method, int crc, long compressed, long size, long header) {
    static final int STORED = 0;
    static final int DEFLATED = 8;
}
