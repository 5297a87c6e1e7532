// SPDX-License-Identifier: Apache-2.0

/// Widths and latencies of the way from a pixel to the array's activations.
package fetch_pkg;

  /// Clock edges from `read_address_i` to `read_data_o` of activation_memory.
  localparam int unsigned ActivationLatency = 2;

  /// Clock edges from `write_valid_i` of activation_memory until a read that starts then sees the bytes.
  localparam int unsigned WriteLatency = 2;

  /// Clock edges from a pixel at `patch_fetch` to its activations at the array, which come in so many reads.
  function automatic int unsigned fetch_latency(int unsigned read_cycles);
    return ActivationLatency + 1 + read_cycles;
  endfunction

  /// Bits of a signed input row, padding and kernel included; counts of rows have `count_width` bits.
  function automatic int unsigned row_width(int unsigned count_width);
    return count_width + 2;
  endfunction

  /// Bits of a word number inside activation memory (two banks of `rows` words).
  function automatic int unsigned word_width(int unsigned rows);
    return $clog2(2 * rows);
  endfunction

  /// Bits of an offset 0..lanes-1 inside a word.
  function automatic int unsigned offset_width(int unsigned lanes);
    return $clog2(lanes);
  endfunction

  /// Bits of a count of pixels (before pooling, batch included).
  function automatic int unsigned pixel_width(int unsigned lanes, int unsigned rows);
    return $clog2(2 * rows * lanes) + 3;
  endfunction

  /// Bits of a signed byte position along an input row, padding included.
  function automatic int unsigned position_width(int unsigned lanes, int unsigned rows);
    return $clog2(2 * rows * lanes) + 2 < 17 ? $clog2(2 * rows * lanes) + 2 : 17;
  endfunction

endpackage
