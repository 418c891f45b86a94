using System.Security.Cryptography;

using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Run;

/// <summary>How a run ends, what its command sees, and what it leaves behind.</summary>
public sealed class RunCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(3, "exit 3")]
    [InlineData(128 + 9, "kill -9 $$")]
    [InlineData(128 + 15, "kill -TERM $$")]
    [InlineData(128 + 13, "kill -PIPE $$")]
    public async Task The_exit_code_is_the_commands(int expected, string script) =>
        Assert.Equal(expected, (await RunProcess.RunAsync(_folder, ["--", "sh", "-c", script])).ExitCode);

    [Theory]
    [InlineData(127, "no-such-program: command not found", "--", "no-such-program")]
    [InlineData(126, "/etc/passwd: cannot be executed", "--", "/etc/passwd")]
    [InlineData(125, "S3_OVERLAY_CHUNK_SIZE = \"banana\": not a size.", "--S3_OVERLAY_CHUNK_SIZE=banana", "--", "true")]
    public async Task What_cannot_be_run_is_one_line(int expected, string problem, params string[] arguments)
    {
        var result = await RunProcess.RunAsync(_folder, arguments);

        Assert.Equal((expected, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("s3overlay: ", result.Errors, StringComparison.Ordinal);
        Assert.Contains(problem, Assert.Single(result.Errors.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(_folder.Path, "s3overlay-run-*"));
    }

    [Theory]
    [InlineData(127, "./data: command not found", "--", "./data")]
    [InlineData(126, "/etc: cannot be executed", "--", "/etc")]
    [InlineData(125, "no command. Write it after --", "--fail-on-change")]
    [InlineData(125, "S3_OVERLAY_REMOTE_ENDPOINT = \"nowhere\"", "--remote-endpoint", "nowhere", "--", "true")]
    [InlineData(125, "S3_OVERLAY_LOCAL_ENDPOINT is set", "--S3_OVERLAY_LOCAL_ENDPOINT=http://127.0.0.1:1", "--", "true")]
    [InlineData(125, "Use --data DIR", "--S3_OVERLAY_DATA_DIR=x", "--", "true")]
    [InlineData(125, "The data folder", "--data", "/dev/null", "--", "true")]
    [InlineData(125, "the shared cache cannot be used", "--remote-profile", "p", "--cache-dir", "/dev/null", "--", "true")]
    public async Task Whatever_is_wrong_is_one_line(int expected, string problem, params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter { NewLine = "\n" };

        Assert.Equal(expected, await CommandLine.RunAsync(["run", .. arguments], output, errors));
        Assert.Equal("", output.ToString());
        Assert.StartsWith("s3overlay: ", errors.ToString(), StringComparison.Ordinal);
        Assert.Contains(problem, Assert.Single(errors.ToString().Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_option_is_explained()
    {
        var result = await RunProcess.RunAsync(_folder, ["--cache-sise", "1GiB", "--", "true"]);

        Assert.Equal((125, ""), (result.ExitCode, result.Output));
        Assert.Contains("Did you mean '--cache-size'?", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Input_and_output_belong_to_the_command()
    {
        var bytes = RandomNumberGenerator.GetBytes(300_000);
        await using var run = RunProcess.Start(_folder, ["--", "sh", "-c", "echo to the errors >&2; exec cat"]);
        var reading = run.ReadBytesAsync();
        await run.WriteAsync(bytes);
        var ending = run.EndAsync();

        Assert.Equal(bytes, await reading);
        Assert.StartsWith("to the errors\n", (await ending).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_after_the_dashes_are_the_commands_even_if_they_look_like_settings()
    {
        var result = await RunProcess.RunAsync(_folder, ["--", "printf", "%s|", "--S3_OVERLAY_DATA_DIR=x", "--port", "1", "--", "a b", ""]);

        Assert.Equal((0, "--S3_OVERLAY_DATA_DIR=x|--port|1|--|a b||"), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task Without_a_request_the_clients_that_find_the_proxy_are_named()
    {
        var result = await RunProcess.RunAsync(_folder, ["--", "true"]);

        Assert.Equal((0, ""), (result.ExitCode, result.Output));
        Assert.Contains("warning: the proxy got no request", result.Errors, StringComparison.Ordinal);
        Assert.Contains("boto3 1.28", result.Errors, StringComparison.Ordinal);
        Assert.Contains("rclone", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changes_are_counted_and_discarded()
    {
        await using var run = await RunProcess.StartClientAsync(_folder, null);
        Assert.Equal(200, (await run.Http.SendAsync("PUT", "/made")).Status);
        Assert.Equal(200, (await run.Http.SendAsync("PUT", "/made/a", "one"u8.ToArray())).Status);
        Assert.Single(Directory.GetDirectories(_folder.Path, "s3overlay-run-*"));
        var result = await run.EndAsync();

        Assert.Equal((0, ""), (result.ExitCode, result.Output));
        Assert.Contains("s3overlay: 2 requests\n", result.Errors, StringComparison.Ordinal);
        Assert.Contains("s3overlay: changes: 1 written, 0 deleted, 1 bucket created or deleted, discarded\n", result.Errors,
            StringComparison.Ordinal);
        Assert.DoesNotContain("warning", result.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(_folder.Path, "s3overlay-run-*"));
    }

    [Fact]
    public async Task Changes_can_be_kept_and_make_the_run_fail()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("photos", "a", "remote"u8.ToArray());
        remote.Put("photos", "b", "remote"u8.ToArray());
        await using (var run = await RunProcess.StartClientAsync(
            _folder, remote.Endpoint, "--no-cache", "--fail-on-change", "--data", "kept"))
        {
            Assert.Equal("remote", (await run.Http.SendAsync("GET", "/photos/a")).Text);
            Assert.Equal(200, (await run.Http.SendAsync("PUT", "/photos/a", "mine"u8.ToArray())).Status);
            Assert.Equal(204, (await run.Http.SendAsync("DELETE", "/photos/b")).Status);
            var result = await run.EndAsync();
            Assert.Equal(4, result.ExitCode);
            Assert.Contains($"1 written, 1 deleted, kept in {_folder["kept"]}\n", result.Errors, StringComparison.Ordinal);
            Assert.Contains("1 read of remote objects, 0 from the cache (0 %)", result.Errors, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(_folder["caches"]));
        await using var proxy = await ProxyProcess.StartAsync(_folder["kept"]);
        Assert.Equal("mine", (await new SignedHttp(proxy.Endpoint).SendAsync("GET", "/photos/a")).Text);
    }

    [Fact]
    public async Task What_was_written_and_deleted_again_is_no_change()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.AddBucket("photos");
        await using var run = await RunProcess.StartClientAsync(_folder, remote.Endpoint, "--no-cache", "--fail-on-change");
        Assert.Equal(200, (await run.Http.SendAsync("PUT", "/photos/temporary", "x"u8.ToArray())).Status);
        Assert.Equal(204, (await run.Http.SendAsync("DELETE", "/photos/temporary")).Status);
        var result = await run.EndAsync();

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("changes: 0 written, 0 deleted\n", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_run_leaves_a_folder_that_the_next_one_removes()
    {
        await using (var run = await RunProcess.StartClientAsync(_folder, null))
        {
            await run.KillAsync();
        }

        Assert.Single(Directory.GetDirectories(_folder.Path, "s3overlay-run-*"));
        await RunProcess.RunAsync(_folder, ["--", "true"]);
        Assert.Empty(Directory.GetDirectories(_folder.Path, "s3overlay-run-*"));
    }
}
