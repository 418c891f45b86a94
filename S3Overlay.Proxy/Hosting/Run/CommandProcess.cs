using System.ComponentModel;
using System.Diagnostics;

namespace S3Overlay.Proxy.Hosting.Run;

/// <summary>The user's command as a process with our standard input and output.</summary>
internal sealed class CommandProcess : IDisposable
{
    private const int NoSuchFile = 2;
    private const int NoProgramFormat = 8;

    private readonly Process _process;
    private readonly IDisposable? _job;

    private CommandProcess(Process process)
    {
        _process = process;
        _job = OperatingSystem.IsWindows() ? WindowsJob.With(process) : null;
    }

    /// <summary>Starts it.</summary>
    /// <param name="program">The program's path.</param>
    /// <param name="command">The command and its arguments, as the user wrote them.</param>
    /// <param name="prepare">Changes its environment.</param>
    /// <exception cref="RunException">It cannot be executed.</exception>
    public static CommandProcess Start(string program, IReadOnlyList<string> command, Action<IDictionary<string, string?>> prepare)
    {
        try
        {
            return new(Start(Described(program, command.Skip(1), prepare)));
        }
        catch (Win32Exception failure) when (failure.NativeErrorCode == NoProgramFormat && !OperatingSystem.IsWindows())
        {
            // A script without #! is the shell's, as POSIX says of execvp.
            return new(Start(Described("/bin/sh", [program, .. command.Skip(1)], prepare)));
        }
        catch (Win32Exception failure)
        {
            throw failure.NativeErrorCode == NoSuchFile ? ProgramSearch.NotFound(command[0])
                : new RunException(RunExitCodes.NotExecutable, $"{command[0]}: cannot be executed: {failure.Message}", failure);
        }
    }

    /// <summary>Waits for its end, and passes signals on until then.</summary>
    /// <returns>Its exit code; 128 plus the signal that ended it.</returns>
    public async Task<int> WaitAsync(SignalRelay signals)
    {
        signals.SendTo(_process);
        await _process.WaitForExitAsync();
        signals.Ended();
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _job?.Dispose();
        _process.Dispose();
    }

    private static Process Start(ProcessStartInfo start)
    {
        if (OperatingSystem.IsWindows())
        {
            return Process.Start(start)!;
        }

        Process? process = null;
        UnixProcess.WithBrokenPipes(() => process = Process.Start(start));
        return process!;
    }

    private static ProcessStartInfo Described(string program, IEnumerable<string> arguments, Action<IDictionary<string, string?>> prepare)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false };
        prepare(start.Environment);
        return start;
    }
}
