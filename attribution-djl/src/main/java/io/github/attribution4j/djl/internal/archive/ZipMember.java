// SPDX-License-Identifier: Apache-2.0
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
