// SPDX-License-Identifier: Apache-2.0

/// What the parts of output_writer say to each other.
package output_writer_pkg;
  /// A pixel goes on in its channel group, or is the first of a group: after the last group of its block, or at the start of a block or an m-tile.
  typedef enum logic [1:0] {
    StartNone  = 0,
    StartGroup = 1,
    StartBlock = 2,
    StartTile  = 3
  } start_e;

  /// Cycles from requantise.acc_i to requantise.result_o.
  localparam int unsigned RequantiseLatency = 5;
endpackage
