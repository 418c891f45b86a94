using System.Diagnostics;
using System.Globalization;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Run;

/// <summary>
/// A run as a process. Its command can wait for the end of its input, so that a test is the client for as long as it likes.
/// </summary>
internal sealed class RunProcess : IAsyncDisposable
{
    /// <summary>A command that prints where the proxy is, and then runs until its input ends.</summary>
    public static readonly string[] Client = ["sh", "-c", "echo $AWS_ENDPOINT_URL_S3 $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY; exec cat"];

    private readonly Process _process;
    private readonly Task<string> _errors;
    private Task<byte[]>? _bytes;

    private RunProcess(Process process) => (_process, _errors) = (process, process.StandardError.ReadToEndAsync());

    /// <summary>The proxy, signed for with the command's keys. Known once the command is <see cref="Client"/> and has begun.</summary>
    public SignedHttp Http { get; private set; } = null!;

    /// <summary>The process's number.</summary>
    public int Id => _process.Id;

    /// <summary>Starts a run whose folders are below the given one.</summary>
    /// <param name="arguments">What follows <c>s3overlay run</c>.</param>
    /// <param name="environment">Further variables.</param>
    /// <param name="launcher">A program, with arguments, that becomes the run.</param>
    public static RunProcess Start(TemporaryFolder folder, string[] arguments, (string Name, string Value)[]? environment = null,
        params string[] launcher) =>
        StartOther(folder, [.. launcher, .. ProxyProgram.Command, "run", .. arguments], environment);

    /// <summary>Starts any command with the same environment.</summary>
    public static RunProcess StartOther(TemporaryFolder folder, string[] command, (string Name, string Value)[]? environment = null)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
        };
        foreach (var name in start.Environment.Keys
            .Where(static name => name.StartsWith("S3_OVERLAY_", StringComparison.OrdinalIgnoreCase)
                || name.StartsWith("AWS_", StringComparison.OrdinalIgnoreCase)
                || name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["XDG_CACHE_HOME"] = folder["caches"];
        start.Environment["TMPDIR"] = folder.Path;
        foreach (var (name, value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        return new RunProcess(Process.Start(start)!);
    }

    /// <summary>
    /// Starts a run of <see cref="Client"/> over a remote, and waits until the command has begun. Unless the options say otherwise, the
    /// cache's process ends with its last run.
    /// </summary>
    public static async Task<RunProcess> StartClientAsync(TemporaryFolder folder, Uri? remote, params string[] options)
    {
        string[] linger = options.Contains("--cache-linger") ? [] : ["--cache-linger", "0"];
        var run = Start(folder, [.. remote is null ? [] : Over(remote), .. linger, .. options, "--", .. Client]);
        var line = await run.ReadLineAsync();
        if (line?.Split(' ') is not [var endpoint, var accessKey, var secretKey])
        {
            throw new InvalidOperationException($"The command did not begin. {line} {await run._errors}");
        }

        run.Http = new SignedHttp(new Uri(endpoint), accessKey, secretKey);
        return run;
    }

    /// <summary>Settings of a remote that a busy machine must not make look dead.</summary>
    public static string[] Over(Uri remote, string accessKey = "remote") =>
    [
        "--remote-endpoint", remote.GetLeftPart(UriPartial.Authority), $"--S3_OVERLAY_REMOTE_ACCESS_KEY_ID={accessKey}",
        "--S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY=remotesecret", "--S3_OVERLAY_REMOTE_CONNECT_TIMEOUT=3m",
        "--S3_OVERLAY_REMOTE_FIRST_BYTE_TIMEOUT=3m", "--S3_OVERLAY_REMOTE_STALL_TIMEOUT=3m", "--S3_OVERLAY_REMOTE_BUDGET=10m",
    ];

    /// <summary>The next line that the command prints; null after the last.</summary>
    public Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync().WaitAsync(Patience.Limit);

    /// <summary>Writes to the command's input.</summary>
    public Task WriteAsync(ReadOnlyMemory<byte> bytes) => _process.StandardInput.BaseStream.WriteAsync(bytes).AsTask();

    /// <summary>The command's output as bytes, to its end. The result of the run then has no output.</summary>
    public Task<byte[]> ReadBytesAsync() => _bytes = CopyAsync();

    private async Task<byte[]> CopyAsync()
    {
        using var bytes = new MemoryStream();
        await _process.StandardOutput.BaseStream.CopyToAsync(bytes).WaitAsync(Patience.Limit);
        return bytes.ToArray();
    }

    /// <summary>Sends a signal to the run alone.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Kills the run, and nothing that it started.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Ends the command's input, and waits for the run.</summary>
    public async Task<ToolResult> EndAsync()
    {
        _process.StandardInput.Close();
        var output = _bytes is null ? await _process.StandardOutput.ReadToEndAsync().WaitAsync(Patience.Limit) : "";
        var errors = await _errors.WaitAsync(Patience.Limit);
        using var limit = new CancellationTokenSource(Patience.Limit);
        await _process.WaitForExitAsync(limit.Token);
        return new ToolResult(_process.ExitCode, output, errors);
    }

    /// <summary>Runs to the end.</summary>
    public static async Task<ToolResult> RunAsync(TemporaryFolder folder, string[] arguments,
        params (string Name, string Value)[] environment)
    {
        await using var run = Start(folder, arguments, environment);
        return await run.EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}
