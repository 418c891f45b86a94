using System.Diagnostics;
using System.Runtime.InteropServices;

namespace S3Overlay.Proxy.Hosting.Run;

/// <summary>
/// Keeps signals from ending this process, and passes them on to the command. Ctrl-C and Ctrl-\ at a terminal reach the command without
/// our help, because it is in the same group of processes, and must not reach it twice.
/// </summary>
internal sealed class SignalRelay : IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly Lock _gate = new();
    private Process? _command;
    private readonly CancellationTokenSource _stop = new();
    private bool _hasEnded;

    public SignalRelay()
    {
        foreach (var (signal, number) in (ReadOnlySpan<(PosixSignal, int)>)
            [(PosixSignal.SIGHUP, 1), (PosixSignal.SIGINT, 2), (PosixSignal.SIGQUIT, 3), (PosixSignal.SIGTERM, 15)])
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Pass(number);
            }));
        }
    }

    /// <summary>The first signal that arrived before the command began; null if none did.</summary>
    public int? Early { get; private set; }

    /// <summary>Cancelled by a signal that finds no command: before it begins, or after it has ended.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>From now on, signals are passed on to this process.</summary>
    public void SendTo(Process command)
    {
        lock (_gate)
        {
            _command = command;
            if (Early is { } signal)
            {
                Send(signal);
            }
        }
    }

    /// <summary>The command has ended: its number may soon be another process's.</summary>
    public void Ended()
    {
        lock (_gate)
        {
            _hasEnded = true;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _registrations.ForEach(static registration => registration.Dispose());
        _stop.Dispose();
    }

    private void Pass(int signal)
    {
        var isTyped = signal is 2 or 3 && (OperatingSystem.IsWindows() || UnixProcess.IsInForeground());
        lock (_gate)
        {
            if (_command is null)
            {
                // Typed or not: the command is not there yet.
                Early ??= signal;
                _stop.Cancel();
            }
            else if (_hasEnded)
            {
                _stop.Cancel();
            }
            else if (!isTyped)
            {
                Send(signal);
            }
        }
    }

    private void Send(int signal)
    {
        if (_hasEnded || _command!.HasExited)
        {
            return;
        }

        if (!OperatingSystem.IsWindows())
        {
            UnixProcess.Signal(_command.Id, signal);
        }
    }
}
