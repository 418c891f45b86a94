using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Clients;

/// <summary>Terraform makes, reads, changes and destroys a bucket with everything that the built-in store can set.</summary>
[Trait("Needs", "Clients")]
public sealed class TerraformTests
{
    private const string Provider = "S3OVERLAY_TEST_TERRAFORM";

    [ClientFact("terraform", Provider)]
    public async Task Resources_are_made_changed_and_destroyed()
    {
        using var folder = new TemporaryFolder();
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null,
            ("S3_OVERLAY_ENCRYPTION_KEY", Convert.ToBase64String(new byte[32])));
        File.Copy(SettingScene.Script("terraform.tf"), folder["main.tf"]);
        await File.WriteAllTextAsync(folder["cli"],
            $$"""provider_installation { dev_overrides { "hashicorp/aws" = "{{Environment.GetEnvironmentVariable(Provider)}}" } }""");
        Task<ToolResult> TerraformAsync(string command, params string[] arguments) => S3Tool.RunAsync(
            "terraform", [$"-chdir={folder.Path}", command, "-no-color", "-input=false", .. arguments],
            new Dictionary<string, string>
            {
                ["HOME"] = folder.Path,
                ["TF_CLI_CONFIG_FILE"] = folder["cli"],
                ["TF_VAR_endpoint"] = proxy.Endpoint.ToString().TrimEnd('/'),
                ["CHECKPOINT_DISABLE"] = "1",
            });

        Assert.Contains("body = \"one\"", (await TerraformAsync("apply", "-auto-approve")).Succeeded(), StringComparison.Ordinal);
        (await TerraformAsync("apply", "-auto-approve", "-var", "changed=true")).Succeeded();
        Assert.Equal("two", (await proxy.SendAsync("GET", "/terraform/folder/object.txt")).Text);

        // What it reads back is what it set: there is nothing to change.
        (await TerraformAsync("plan", "-detailed-exitcode", "-var", "changed=true")).Succeeded();
        (await TerraformAsync("destroy", "-auto-approve", "-var", "changed=true")).Succeeded();
        Assert.Equal((404, "NoSuchBucket"), await proxy.SendAsync("GET", "/terraform") is var gone ? (gone.Status, gone.Code) : default);
    }
}
