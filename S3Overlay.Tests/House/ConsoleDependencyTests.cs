using ArchUnitNET.Domain;
using ArchUnitNET.Loader;

using S3Overlay.WebConsole.Hosting;

namespace S3Overlay.Tests.House;

/// <summary>Which folders of the console may depend on which, read from the compiled types.</summary>
public sealed class ConsoleDependencyTests
{
    private const string Root = "S3Overlay.WebConsole.";

    private static readonly Lazy<(string From, string To, string Why)[]> All = new(() =>
    [
        .. from type in new ArchLoader().LoadAssembly(typeof(ConsoleApp).Assembly).Build().Types
           from dependency in type.Dependencies
           let folders = (From: FolderOf(type), To: FolderOf(dependency.Target))
           where folders is { From: not null, To: not null } && folders.From != folders.To
           select (folders.From, folders.To, $"{type.Name} uses {dependency.Target.Name}"),
    ]);

    [Theory]
    [InlineData("Assets", "")]
    [InlineData("Gateway", "")]
    [InlineData("Components", "Assets Gateway")]
    [InlineData("Security", "Assets Components Gateway")]
    [InlineData("Pages", "Assets Components Gateway Security")]
    [InlineData("Layout", "Assets Components Gateway Security")]
    [InlineData("Hosting", "Assets Gateway Layout Pages Security")]
    public void A_folder_depends_only_on_what_is_beneath_it(string folder, string beneath)
    {
        Assert.NotEmpty(All.Value);
        Assert.DoesNotContain(All.Value, dependency => dependency.From == folder && !beneath.Split(' ').Contains(dependency.To));
    }

    [Fact]
    public void Every_folder_has_a_row()
    {
        var rows = typeof(ConsoleDependencyTests).GetMethod(nameof(A_folder_depends_only_on_what_is_beneath_it))!
            .GetCustomAttributes(typeof(InlineDataAttribute), false)
            .Select(static row => (string)((InlineDataAttribute)row).GetData(null!).Single()[0]);

        Assert.Empty(All.Value.Select(static dependency => dependency.From).Distinct().Except(rows));
    }

    /// <summary>A page has its data from the gateway: what it asks for is authorised as a request.</summary>
    [Fact]
    public void No_page_asks_the_proxy_past_the_gateway() =>
        Assert.Empty(from type in new ArchLoader().LoadAssembly(typeof(ConsoleApp).Assembly).Build().Types
                     where FolderOf(type) is "Pages" or "Layout" or "Components"
                     from call in type.Dependencies
                     where call.Target.Name == "IProxy" && call.Target.FullName != type.FullName
                     select $"{type.Name} uses IProxy");

    /// <summary>The folder of a type; null for any other type, and for those of the root.</summary>
    private static string? FolderOf(IType type) =>
        type.Namespace?.FullName is { } name && name.StartsWith(Root, StringComparison.Ordinal) ? name[Root.Length..].Split('.')[0] : null;
}
