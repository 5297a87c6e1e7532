// SPDX-License-Identifier: Apache-2.0

/// What the parts of output_writer say to each other.
package output_writer_pkg;
  /// Where the first pixel of a channel group lies: after the last group of its block, or at the start of a block, an m-tile, a layer.
  typedef enum logic [1:0] {
    StartGroup = 0,
    StartBlock = 1,
    StartTile  = 2,
    StartLayer = 3
  } start_e;

  /// Cycles from requantise.acc_i to requantise.result_o.
  localparam int unsigned RequantiseLatency = 5;
endpackage
