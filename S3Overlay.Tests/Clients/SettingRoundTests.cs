using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Clients;

/// <summary>
/// Versions, locks, lifecycles, encryption, access rules and conditional writes, once round, as programs use them: on the built-in store
/// alone, and over a remote.
/// </summary>
[Trait("Needs", "Clients")]
public sealed class SettingRoundTests
{
    private const string Modules = "S3OVERLAY_TEST_NODE_MODULES";

    [ClientFact("python3")]
    public Task Boto3() => Boto3Async(hasRemote: false);

    [ClientFact("python3")]
    [Trait("Rule", "V3")]
    public Task Boto3_over_a_remote() => Boto3Async(hasRemote: true);

    [ClientFact("node", Modules)]
    public Task Sdk_for_JavaScript() => NodeAsync("node_sdk.cjs", hasRemote: false);

    [ClientFact("node", Modules)]
    [Trait("Rule", "V3")]
    public Task Sdk_for_JavaScript_over_a_remote() => NodeAsync("node_sdk.cjs", hasRemote: true);

    [ClientFact("node", Modules)]
    public Task Minio_for_JavaScript() => NodeAsync("node_minio.cjs", hasRemote: false);

    [ClientFact("node", Modules)]
    [Trait("Rule", "V3")]
    public Task Minio_for_JavaScript_over_a_remote() => NodeAsync("node_minio.cjs", hasRemote: true);

    private static async Task Boto3Async(bool hasRemote)
    {
        await using var scene = await SettingScene.StartAsync(hasRemote);
        var python = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
        var result = await scene.RunAsync(
            python, [SettingScene.Script("boto3_settings.py"), scene.Endpoint, SettingScene.Bucket, scene.RemoteKey]);
        Assert.Contains("boto3 done", result.Succeeded(), StringComparison.Ordinal);
    }

    private static async Task NodeAsync(string script, bool hasRemote)
    {
        await using var scene = await SettingScene.StartAsync(hasRemote);
        string[] endpoint = script == "node_sdk.cjs" ? [scene.Endpoint]
            : [scene.Proxy.Endpoint.Host, scene.Proxy.Endpoint.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)];
        var result = await scene.RunAsync("node", [SettingScene.Script(script), .. endpoint, SettingScene.Bucket, scene.RemoteKey],
            ("NODE_PATH", Environment.GetEnvironmentVariable(Modules)!));
        Assert.Contains(" done", result.Succeeded(), StringComparison.Ordinal);
    }
}
