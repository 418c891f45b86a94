using System.Diagnostics;
using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Hosting;

public sealed partial class DemoTests
{
    [Fact]
    public async Task The_demo_shows_a_remote_prints_commands_to_paste_and_each_request()
    {
        using var folder = new TemporaryFolder();
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, WorkingDirectory = folder.Path };
        start.ArgumentList.Add(typeof(Proxy.Protocol.S3Request).Assembly.Location);
        start.ArgumentList.Add("demo");
        start.ArgumentList.Add("--urls=http://127.0.0.1:0");
        using var process = Process.Start(start)!;
        try
        {
            var lines = new List<string>();
            while (await process.StandardOutput.ReadLineAsync() is { } line
                && !line.EndsWith("Press Ctrl-C to stop.", StringComparison.Ordinal))
            {
                lines.Add(line);
            }

            Assert.Equal(7, lines.Count(line => Numbered().IsMatch(line)));
            Assert.Single(lines, line => line.Contains("AWS_ACCESS_KEY_ID=", StringComparison.Ordinal));
            Assert.Contains(lines, line => line.Contains(" explain demo/hello.txt --endpoint $OVERLAY", StringComparison.Ordinal));
            var endpoint = new Uri(lines.Select(line => Endpoint().Match(line)).First(match => match.Success).Groups[1].Value);
            var http = new SignedHttp(endpoint);
            var hello = await http.SendAsync("GET", "/demo/hello.txt");
            Assert.Equal(("hello from the remote\n", "remote", "MISS"),
                (hello.Text, hello.Headers["x-s3overlay-layer"], hello.Headers["x-cache"]));
            string? logged;
            while ((logged = await process.StandardOutput.ReadLineAsync()) is "")
            {
            }

            Assert.Matches("Z 127\\.0\\.0\\.1 minioadmin GET /demo/hello\\.txt 200 22 [0-9.]+ms remote MISS GetObject ", logged);
            var large = await http.SendAsync("HEAD", "/demo/large/200MiB.bin");
            Assert.Equal("209715200", large.Headers["Content-Length"]);
            Assert.True(File.Exists(Path.Combine(folder.Path, "data-demo", "this-is-a-demo-of-s3overlay")));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task The_demo_does_not_delete_a_folder_that_is_not_its_own()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["data-demo"]);
        await File.WriteAllTextAsync(folder["data-demo/precious"], "kept");
        var assembly = typeof(Proxy.Protocol.S3Request).Assembly.Location;
        var ended = await S3Tool.RunAsync("dotnet", [assembly, "demo", "--urls=http://127.0.0.1:0"], new Dictionary<string, string>(),
            folder.Path);
        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("S3_OVERLAY_DATA_DIR", ended.Errors, StringComparison.Ordinal);
        Assert.Equal("kept", await File.ReadAllTextAsync(folder["data-demo/precious"]));
    }

    [GeneratedRegex("^[1-7]\\. ")]
    private static partial Regex Numbered();

    [GeneratedRegex("only ever read\\) on (http://127\\.0\\.0\\.1:[0-9]+)")]
    private static partial Regex Endpoint();
}
