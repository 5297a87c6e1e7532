// SPDX-License-Identifier: Apache-2.0

/// Checks a command (address, beats) and cuts it into AXI4 bursts.
///
/// A burst ends where the address is a multiple of MaxBurst beats, or with the command. MaxBurst beats divide 4 KiB, so that no burst
/// crosses a 4 KiB boundary and none needs to be compared with one; only the first and the last burst can be short. A command is checked
/// in the cycle after it was taken; its first burst is offered two cycles later, then one each cycle.
module axi_splitter
  import axi_pkg::*;
#(
    /// Bits of a byte address, 13..64.
    parameter int unsigned AddressWidth = 32,
    /// Bytes of a beat, 8 or 16.
    parameter int unsigned DataBytes = 8,
    /// Most beats of a burst, power of two, 2..256.
    parameter int unsigned MaxBurst = 16
) (
    /// Clock.
    input  logic                                            clk_i,
    /// Synchronous reset, active low.
    input  logic                                            rst_ni,
    /// Drop the command and take none.
    input  logic                                            clear_i,
    /// A command is offered.
    input  logic                                            command_valid_i,
    /// It is taken.
    output logic                                            command_ready_o,
    /// Byte address of its first beat.
    input  logic       [                  AddressWidth-1:0] command_address_i,
    /// Its beats.
    input  logic       [                    BeatsWidth-1:0] command_beats_i,
    /// First byte that may be touched; steady from the cycle in which a command is taken to the next.
    input  logic       [                  AddressWidth-1:0] window_first_i,
    /// Last byte that may be touched; steady from the cycle in which a command is taken to the next.
    input  logic       [                  AddressWidth-1:0] window_last_i,
    /// A burst is offered; it stays until it is taken or cleared (not to be taken while clear_i).
    output logic                                            burst_valid_o,
    /// It is taken.
    input  logic                                            burst_ready_i,
    /// Beat address: byte address / DataBytes.
    output logic       [AddressWidth-$clog2(DataBytes)-1:0] burst_address_o,
    /// Beats less one.
    output logic       [              $clog2(MaxBurst)-1:0] burst_length_o,
    /// Last burst of its command.
    output logic                                            burst_last_o,
    /// One cycle: the command is refused; no burst of it is offered.
    output logic                                            fault_o,
    /// AxiErrorCommand or AxiErrorWindow.
    output axi_error_e                                      fault_code_o,
    /// Byte address of the refused command.
    output logic       [                  AddressWidth-1:0] fault_address_o,
    /// No command is held.
    output logic                                            idle_o
);

  localparam int unsigned ByteBits = $clog2(DataBytes);
  localparam int unsigned BeatBits = $clog2(MaxBurst);
  localparam int unsigned SizeWidth = BeatsWidth + ByteBits;
  localparam int unsigned EndWidth = (AddressWidth > SizeWidth ? AddressWidth : SizeWidth) + 1;

  if (AddressWidth < 13 || AddressWidth > 64) begin : gen_check_address
    $error("axi_splitter: AddressWidth must be in 13..64");
  end
  if (DataBytes != 8 && DataBytes != 16) begin : gen_check_data
    $error("axi_splitter: DataBytes must be 8 or 16");
  end
  if (MaxBurst < 2 || MaxBurst > 256 || MaxBurst != 2 ** BeatBits) begin : gen_check_burst
    $error("axi_splitter: MaxBurst must be a power of two in 2..256");
  end

  logic check_q, active_q;
  logic [AddressWidth-1:0] address_q;
  logic [  BeatsWidth-1:0] beats_q;
  logic [EndWidth-1:0] end_q, limit_q;  // first byte behind the command, behind the window
  logic malformed, outside, load, last;
  logic [  BeatBits:0] room;
  logic [BeatBits-1:0] place;

  assign idle_o = !check_q && !active_q && !burst_valid_o;
  assign command_ready_o = !check_q && !active_q && !clear_i;

  // The check.
  assign malformed = address_q[ByteBits-1:0] != '0 || beats_q == '0;
  assign outside = address_q < window_first_i || end_q > limit_q;
  assign fault_o = check_q && (malformed || outside) && !clear_i;
  assign fault_code_o = malformed ? AxiErrorCommand : AxiErrorWindow;
  assign fault_address_o = address_q;

  // The next burst: up to the next multiple of MaxBurst beats.
  assign place = address_q[ByteBits+:BeatBits];
  assign room = (BeatBits + 1)'(MaxBurst) - (BeatBits + 1)'(place);
  assign last = beats_q <= BeatsWidth'(room);
  assign load = active_q && (!burst_valid_o || burst_ready_i);

  always_ff @(posedge clk_i) begin
    limit_q <= EndWidth'(window_last_i) + EndWidth'(1);
    check_q <= 1'b0;
    if (check_q) active_q <= !fault_o;
    if (command_valid_i && command_ready_o) begin
      check_q   <= 1'b1;
      address_q <= command_address_i;
      beats_q   <= command_beats_i;
      end_q     <= EndWidth'(command_address_i) + EndWidth'({command_beats_i, ByteBits'(0)});
    end
    if (load) begin
      active_q <= !last;
      beats_q <= beats_q - BeatsWidth'(room);
      address_q <= {address_q[AddressWidth-1:BeatBits+ByteBits] + 1'b1, (BeatBits + ByteBits)'(0)};
      burst_address_o <= address_q[AddressWidth-1:ByteBits];
      burst_length_o <= last ? BeatBits'(beats_q - 1'b1) : ~place;
      burst_last_o <= last;
    end
    if (load) burst_valid_o <= 1'b1;
    else if (burst_ready_i) burst_valid_o <= 1'b0;
    if (!rst_ni || clear_i) begin
      check_q <= 1'b0;
      active_q <= 1'b0;
      burst_valid_o <= 1'b0;
    end
  end

endmodule
