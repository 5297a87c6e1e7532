// SPDX-License-Identifier: Apache-2.0

/// Widths and latencies of the PE array styles and of the accumulator; see docs/blocks/pe_array.md.
package pe_array_pkg;

  /// Cycles from a control word of the accumulator (valid, address) to its dot product.
  localparam int unsigned AccumulatorLag = 2;

  /// Cycles after which the accumulator takes the same address again: read, select, add, write.
  localparam int unsigned AccumulatorLatency = 4;

  /// ceil(log2(count)) adder levels sum `count` operands, two at a time.
  function automatic int unsigned tree_levels(int unsigned count);
    return count <= 1 ? 0 : $clog2(count);
  endfunction

  /// Levels of an adder tree through which its last operand passes unadded.
  function automatic int unsigned odd_levels(int unsigned count);
    int unsigned left;
    int unsigned levels;
    left = count;
    levels = 0;
    while (left > 1 && left % 2 == 1) begin
      left = (left + 1) / 2;
      levels = levels + 1;
    end
    return levels;
  endfunction

  /// Levels that sum `count` operands three at a time until at most two are left.
  function automatic int unsigned ternary_levels(int unsigned count);
    int unsigned left;
    int unsigned levels;
    left = count;
    levels = 0;
    while (left > 2) begin
      left = (left + 2) / 3;
      levels = levels + 1;
    end
    return levels;
  endfunction

  /// Triples of lanes (a pair and a single) in style xc7: three in each slice row, and the third lanes of the rows three at a time.
  function automatic int unsigned xc7_triples(int unsigned lanes);
    return 3 * (lanes / 10) + lanes / 30;
  endfunction

  /// Rows of style xc7: triples, and what is left of the third lanes: none, one lane alone or a pair.
  function automatic int unsigned xc7_rows(int unsigned lanes);
    return xc7_triples(lanes) + (lanes / 10 % 3 == 0 ? 0 : 1);
  endfunction

  /// Style xc7: lane at `place` (0, 1 the pair, 2 the single) of row `row`; `lanes`, which is none, for the second lane of a lane alone.
  function automatic int unsigned xc7_lane(int unsigned lanes, int unsigned row, int unsigned place);
    int unsigned third;
    if (row < 3 * (lanes / 10)) return 10 * (row / 3) + (row % 3 == 0 ? place + place / 2 : 3 * (row % 3) + 1 + place);
    third = 3 * row - 9 * (lanes / 10) + place;
    return third < lanes / 10 ? 10 * third + 2 : lanes;
  endfunction

  /// Groups of four lanes in style ecp5: two in each slice row, one over the ends of two rows.
  function automatic int unsigned ecp5_fours(int unsigned lanes);
    return 2 * (lanes / 10) + lanes / 20;
  endfunction

  /// Bits of one dot product.
  function automatic int unsigned dot_width(int unsigned style, int unsigned lanes);
    case (style)
      flexor_pkg::PeAddsub, flexor_pkg::PeAndtree: return $clog2(255 * lanes + 1) + 1;
      flexor_pkg::PeXc7: return $clog2(511 * lanes + 1) + 1;
      flexor_pkg::PeEcp5: return $clog2(1023 * ecp5_fours(lanes) + 511 * (lanes / 10 % 2) + 1);
      default: return $clog2(511 * (lanes / 2) + 1);
    endcase
  endfunction

  /// 1: a dot product is two's complement, 0: unsigned.
  function automatic bit dot_signed(int unsigned style);
    return style == flexor_pkg::PeAddsub || style == flexor_pkg::PeAndtree || style == flexor_pkg::PeXc7;
  endfunction

  /// Cycles from `activation_i` to `dot_o`.
  function automatic int unsigned pe_latency(int unsigned style, int unsigned lanes);
    case (style)
      flexor_pkg::PeAddsub: return 1 + tree_levels(lanes);
      flexor_pkg::PeAndtree: return 2 + tree_levels(lanes);
      flexor_pkg::PeIce40: return 2 + tree_levels(lanes / 2);
      flexor_pkg::PeEcp5: return 4 + tree_levels((ecp5_fours(lanes) + lanes / 10 % 2 + 1) / 2);
      flexor_pkg::PeXc7: return 3 + ternary_levels(xc7_rows(lanes));
      default: return 2 + tree_levels((lanes / 2 + 1) / 2);
    endcase
  endfunction

endpackage
