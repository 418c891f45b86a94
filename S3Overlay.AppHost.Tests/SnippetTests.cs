using System.Text.RegularExpressions;

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace S3Overlay.AppHost.Tests;

/// <summary>The programs of <c>docs/aspire.md</c> compile unchanged, with the implicit usings of their SDKs and nothing else.</summary>
public sealed partial class SnippetTests
{
    private static readonly string[] Always =
        ["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading",
            "System.Threading.Tasks"];

    private static readonly string[] OfAppHosts = ["Aspire.Hosting", "Aspire.Hosting.ApplicationModel"];

    private static readonly string[] OfWebApplications =
    [
        "System.Net.Http.Json", "Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Http",
        "Microsoft.AspNetCore.Routing",
        "Microsoft.Extensions.Configuration", "Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Hosting",
        "Microsoft.Extensions.Logging",
    ];

    private const string Projects =
        "namespace Projects { public sealed class Shop : Aspire.Hosting.IProjectMetadata { public string ProjectPath => \"\"; } }";

    [Fact]
    public void Every_program_in_the_documentation_compiles()
    {
        var programs = Programs().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "aspire.md")))
            .Select(match => match.Groups[1].Value).ToList();

        Assert.InRange(programs.Count, 2, 20);
        Assert.All(programs, program => Assert.Empty(Errors(program)));
    }

    [Fact]
    public void A_program_without_a_using_that_it_needs_does_not() =>
        Assert.Contains(Errors("var builder = WebApplication.CreateBuilder(args);\nIAmazonS3 s3 = null!;"),
            error => error.Contains("IAmazonS3", StringComparison.Ordinal));

    private static IEnumerable<string> Errors(string program)
    {
        var usings = Always.Concat(program.Contains("DistributedApplication.", StringComparison.Ordinal) ? OfAppHosts : OfWebApplications);
        var sources = new[] { program, string.Concat(usings.Select(name => $"global using {name};")), Projects };
        return CSharpCompilation.Create(
                "Snippet",
                sources.Select(source => CSharpSyntaxTree.ParseText(source)),
                Libraries().Select(library => MetadataReference.CreateFromFile(library)),
                new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable))
            .GetDiagnostics()
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
            .Select(diagnostic => diagnostic.ToString());
    }

    /// <summary>All that these tests run on, and the web framework of the same version.</summary>
    private static IEnumerable<string> Libraries()
    {
        var runtime = new DirectoryInfo(Path.GetDirectoryName(typeof(object).Assembly.Location)!);
        var web = Path.Combine(runtime.Parent!.Parent!.FullName, "Microsoft.AspNetCore.App", runtime.Name);
        return ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Concat(Directory.GetFiles(web, "Microsoft.*.dll"))
            .DistinctBy(Path.GetFileName);
    }

    [GeneratedRegex("```csharp\\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Programs();
}
