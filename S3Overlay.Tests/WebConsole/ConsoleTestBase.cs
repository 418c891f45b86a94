using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.WebConsole;

/// <summary>A proxy in this process with its console on a free port, a clock of the test's, and keys of all kinds.</summary>
public abstract class ConsoleTestBase : IAsyncLifetime
{
    private const string KeysFile =
        """
        [ { "accessKey": "minioadmin", "secretKey": "minioadmin", "rights": { "*": "owner" }, "admin": true },
          { "accessKey": "reader", "secretKey": "reader-secret", "rights": { "photos": "read" } } ]
        """;

    private readonly List<ConsoleClient> _clients = [];

    private protected OverlayHost Proxy { get; private set; } = null!;

    /// <summary>The clock of sessions, links and limits.</summary>
    protected ManualTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    private protected Uri Address => Proxy.WebConsole!;

    public async Task InitializeAsync()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["keys.json"], KeysFile);
        Proxy = await OverlayHost.StartOnAsync(
            new Proxy.Hosting.Machine { Time = Time }, null, null,
            ("S3_OVERLAY_CONSOLE_URLS", "http://127.0.0.1:0"), ("S3_OVERLAY_KEYS_FILE", folder["keys.json"]));
    }

    public async Task DisposeAsync()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        await Proxy.DisposeAsync();
    }

    /// <summary>A browser that has not signed in.</summary>
    private protected ConsoleClient NewClient()
    {
        var client = new ConsoleClient(Address);
        _clients.Add(client);
        return client;
    }

    /// <summary>A browser that has.</summary>
    private protected async Task<ConsoleClient> SignedInAsync(string accessKey = "minioadmin", string secretKey = "minioadmin")
    {
        var client = NewClient();
        using var response = await client.SignInAsync(accessKey, secretKey);
        Assert.Equal(302, (int)response.StatusCode);
        return client;
    }
}
