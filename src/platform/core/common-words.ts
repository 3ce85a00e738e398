/**
 * Words that people build passwords of, written for this project from general knowledge, not taken from a leaked
 * list. `password-policy.ts` refuses them with digits and signs around them, doubled, or in look-alike letters, so a
 * few hundred stand for many thousands of passwords. In lower case, without accents.
 */
const words = `
password passwort passwd passphrase passw pass passkey motdepasse contrasena contrasenia contrasinal senha parola haslo heslo wachtwoord losenord salasana
kennwort admin administrator adminadmin root toor superuser supervisor sysadmin user username guest default system server service support helpdesk
manager operator webmaster login logon signin access enter letmein letmeinnow openup open opensesame sesame welcome welcomeback willkommen bienvenue
bienvenido hello hellohello helloworld hallo hola bonjour ciao goodbye changeme changethis change please pleasechange temp temporary temppass test
testtest testing tester testuser demo sample example secret secrets topsecret geheim private confidential master masterkey security secure safety
internet computer laptop windows microsoft apple macbook google gmail facebook twitter instagram linkedin youtube yahoo hotmail outlook android iphone
samsung nokia sony playstation nintendo pokemon pikachu minecraft fortnite roblox runescape warcraft starcraft counterstrike callofduty halo zelda mario
database postgres postgresql oracle mysql mongodb redis docker kubernetes jenkins github gitlab linux ubuntu debian centos redhat cisco vmware vagrant
developer development production staging localhost network router firewall wireless wifi modem printer scanner keyboard monitor
love lover loveyou loveme iloveyou iloveu ilove iloveme iloveher iloveyoubaby lovely loverboy lovelove mylove truelove forever forever
princess prince queen king kingdom angel angels angelo babygirl babyboy baby babe honey sweetheart sweetie sweety sugar cutie darling beautiful gorgeous
pretty sexy hottie playboy playgirl rockstar superstar star stars starlight moonlight sunshine sunflower sunset sunrise rainbow butterfly flower flowers
rose roses lily daisy jasmine orchid tulip cherry strawberry banana orange apple peach lemon mango pineapple cookie cookies chocolate candy coffee
cheese pepper ginger cinnamon vanilla peanut pickle pumpkin potato chicken burger pizza budweiser heineken guinness whiskey vodka tequila
dragon dragons dragonball monkey monkeys tiger tigers lion lions panther leopard cheetah wolf wolves eagle eagles falcon falcons hawk hawks raven ravens
phoenix bear bears panda koala bulldog bulldogs puppy doggie dogdog kitten kitty hellokitty catcat dolphin dolphins shark sharks whale turtle rabbit bunny
horse horses pony unicorn mustang stallion bronco broncos spider spiderman scorpion cobra viper snake python anaconda gorilla buffalo moose beaver
batman superman ironman wonderwoman joker hulk thor wolverine captain avengers deadpool robin catwoman starwars skywalker darthvader vader yoda jedi
startrek spock kirk enterprise matrix neo trinity morpheus terminator rambo rocky godzilla gandalf frodo bilbo legolas aragorn hobbit mordor
harrypotter potter hermione hogwarts gryffindor slytherin voldemort dumbledore naruto sasuke sakura itachi goku vegeta bleach onepiece luffy simpsons
homer bart southpark cartman snoopy garfield mickey mickeymouse minnie donald tinkerbell tweety scooby scoobydoo spongebob barbie simba nemo shrek
football soccer baseball basketball softball volleyball hockey tennis golf golfer cricket rugby boxing wrestling swimming skater snowboard skateboard
surfing surfer fishing hunting hunter racing racer nascar ferrari porsche mercedes bmw audi corvette camaro mustang toyota honda yamaha kawasaki suzuki
harley harleydavidson ducati lamborghini maserati chevrolet chevy dodge ford jeep volvo subaru mazda nissan hummer volkswagen
liverpool arsenal chelsea manchester manunited manutd everton tottenham barcelona realmadrid juventus milan inter bayern dortmund celtic rangers ajax
cowboys steelers packers patriots raiders redskins giants jets dolphins broncos bears vikings chargers eagles yankees redsox dodgers lakers celtics bulls
chicago boston dallas texas houston austin denver phoenix seattle atlanta orlando miami florida california hollywood brooklyn newyork london paris berlin
madrid moscow tokyo sydney melbourne toronto canada america american england ireland scotland france germany deutschland italia italy spain espana mexico
brazil brasil argentina colombia russia china japan india australia africa europe
michael michelle michele mike jordan jennifer jessica ashley amanda andrew andrea anthony antonio alexander alexandra alexis alex alexandre daniel danielle
daniela david matthew joshua christopher christian christine christina chris thomas tommy william robert roberto richard charles charlie charlotte joseph
jonathan johnny john nicholas nicole nicolas justin brandon brian bryan kevin steven stephen stephanie patrick patricia pamela rebecca rachel samantha
samuel sandra sarah sophie sophia olivia emily emma hannah elizabeth victoria vanessa veronica melissa natalie natasha heather lauren laura kimberly
katherine catherine karen kelly jasmine isabella gabriel gabriela fernando francisco federico eduardo diego carlos carolina claudia cristina cristiano
benjamin bailey austin taylor morgan madison mackenzie logan dylan cameron tyler hunter cooper parker mason jackson jason james jacob jackie george
gemma gregory frank franklin freddy frederic elephant edward dennis dakota cody chelsea cassie casey carmen brittany bradley bonnie barbara angela angelina
annie anna amber albert alberto maria mariana marina martin martha marcus marie maggie maxwell max mexico miguel miranda molly monica muhammad mohammed
nathan oliver oscar pedro peter philip phillip raymond ricardo rodrigo ronaldo ronaldinho messi neymar beckham rooney sabrina salvador sammy sebastian
shannon sharon sheila simone smokey spencer stanley stella steve stewart susan sydney sylvia teresa theresa tiffany timothy valentina valeria valerie
victor vincent virginia walter wilson winston yvonne zachary
blink metallica nirvana slipknot linkinpark greenday acdc ironmaiden megadeth rammstein korn eminem tupac biggie fiftycent snoopdogg rihanna beyonce
shakira britney madonna elvis beatles pinkfloyd ledzeppelin acoustic guitar guitarist drummer drums piano violin trumpet music musica musical metal
rocknroll hiphop
summer winter spring autumn fall january february march april june july august september october november december monday tuesday wednesday thursday friday
saturday sunday sommer fruhling herbst januar februar marz juni juli oktober dezember birthday christmas halloween easter valentine holiday vacation
freedom liberty justice peace victory success winner champion champions lucky luckyone money dollar million millionaire rich business trustno trustnoone
trust nothing something anything everything whatever whatsup nobody somebody someone unknown anonymous myself yourself mother father brother sister
family friend friends bestfriend friendship mommy daddy mama papa mom dad grandma grandpa children
jesus jesuschrist christ christian church heaven blessed blessing believe faith grace gospel prayer godisgood godislove god lord allah bismillah buddha
krishna ganesh sairam
hacker hackers cracker ninja ninjas samurai warrior warriors knight knights pirate pirates soldier army navy marine marines airforce sniper killer killers
assassin destroyer shadow shadows ghost demon devil satan lucifer evil vampire zombie zombies monster monsters skull death darkness midnight
thunder lightning storm hurricane tornado blizzard snowball snowman snowflake icecream iceman fireman firefire fire water ocean river mountain forest
diamond diamonds crystal silver golden gold platinum emerald sapphire ruby purple yellow orange green blue black white red pink brown blackblack
bluebird blackcat blackjack redwings greenday
fuckyou fuckoff fuckme fucker fuckit fucking motherfucker asshole bastard bitch bitches bullshit shit shithead dickhead cocksucker pussy pussycat
hardcore pornstar penis vagina blowjob boobs boobies tits bigtits bigdick bigcock naked nude sexsex sexsexsex sexy orgasm slut whore
nopassword nopass mypassword yourpassword thepassword apassword newpassword oldpassword passpass passwordpassword mypass
abc abcd abcde abcdef abcabc qwe qwer qwert qwerty qwertz azerty asd asdf asdfg asdfgh zxc zxcv zxcvb zxcvbn zaq zaqwsx qaz qazwsx qazxsw wsx edc poi
lkj mnb aaa xxx zzz aa bb cc a b c x z q
asdasd qweqwe qweasd qweasdzxc asdqwe asdzxc zxcasd asdjkl jkljkl
samson buster tigger peaches muffin smokey sparky lucky rusty rocky bandit bear oreo shadow sadie coco pepper ginger maggie misty missy patches casper
boomer jake duke toby max buddy molly chester harley murphy jasper oliver simba fluffy snowy princess precious pumpkin peanut cuddles
thunderbird firebird blackbird explorer discovery challenger pioneer voyager galaxy universe planet jupiter saturn mercury venus neptune pluto apollo
zeus hercules achilles spartan spartans trojan trojans phoenix dragonfly
bubbles bubba bigdog bigboy bigdaddy bigman goodboy goodgirl badboy badgirl coolguy coolman cooldude supergirl superboy cowboy cowgirl cheerleader dancer
dancing dance singer soccer gymnast player players gamer games gaming nintendo
student teacher school college university education library science biology chemistry physics mathematics history english spanish french
doctor nurse lawyer engineer engineering designer architect builder trucker driver pilot police fireman firefighter president minister
imagine creative genius brilliant wonderful awesome amazing excellent fantastic perfect super cool crazy funny happy smile smiley laugh laughing sweet
scooter skipper slayer spanky sparkle special speedy spitfire stargate steele sterling stingray stupid swordfish thumper trouble turbo tweety
undertaker united vampires voodoo wildcat wildcats windsurf wizard wonder yankee yellow zxcvbnm zaqxsw
arsenal1 newcastle sunderland westham astonvilla southampton wolves leeds burnley
babylon bangladesh bangalore beatrice bernard bigfoot blessed bonjour brooke camille campbell caroline carpenter cassandra celeste champagne charlene
clifford clinton columbia concrete connect connor consumer corona cristian crusader cynthia dalton danger danny darkside deborah delta denise desire
destiny diablo dingdong dolphin dominic donkey douglas dreamer dreams dreaming dynamite eclipse einstein electric elefante element elizabeth eric esther
experience express fabulous family fernanda fender fishing florence forest fortune frankie freeman frogger froggy gateway geronimo giovanni gladiator
goldfish goldie gordon graham griffin gunner gustavo hamster hannah happiness hawaii hawkeye helena herbert hollywood homework hotdog hotrod imperial
infinity inferno infinite isabelle jackass jaguar jamaica janice jeffrey jeremy jerome jerusalem jessie johnson jonathan joseph julian juliana
julie justice kathleen kathy katie kenneth kenny kristen kristin kristina lancelot lawrence legend leonardo leslie letitbe lifetime lincoln lindsey
little lonely lorraine louise lovers macaroni magic magnum manuel marathon margaret mariposa marlboro marshall maverick maximus mercedes meredith
metropolis midnight mitchell monalisa montana monterey moonshine morrison mortgage mounta nathaniel natalia nebraska newlife nicole nightmare nintendo
northern october oklahoma pacific paradise passion patience pavilion pegasus penelope penguin pentagon perfect persimmon philips playboy platinum
poohbear porkchop portugal predator preston prometheus providence qazwsxedc rachelle radiohead raiders ranger rascal rastaman raymond rebel redneck
renegade reynaldo ronald rosebud rosemary russell sabbath sabotage sailor salamander santiago satellite saturday savannah scarface scarlett scorpio
scotland seminole senator serenity sexygirl shamrock shannon sherlock silverado skorpion smith smooth snickers socrates sokrates solomon something
southern spectrum splinter squirrel stephen stranger strength stripper sublime submarine superfly suzanne swimming tamara tarheels tazmania telephone
tennessee terrance therock thirteen thomas thompson timberland titanic tomato tomcat topgun tornado tottenham treasure trinidad triumph trooper
trustme turkey tuesday valencia vandread viktoria vladimir volcom wallace wanderer warhammer washington watermelon webster wednesday western westside
whiteboy wilhelm williams winston wireless woodland wrangler xavier yesterday young zeppelin
alabama alaska arizona arkansas carolina colorado connecticut dakota delaware georgia hawaii idaho illinois indiana iowa kansas kentucky louisiana maine
maryland massachusetts michigan minnesota mississippi missouri nevada newjersey newmexico northcarolina ohio oregon pennsylvania rhodeisland southcarolina
utah vermont wisconsin wyoming baltimore charlotte cincinnati cleveland columbus detroit fresno honolulu indianapolis jacksonville lasvegas losangeles
louisville memphis milwaukee minneapolis nashville oakland omaha philadelphia pittsburgh portland raleigh richmond sacramento sandiego sanfrancisco sanjose
amsterdam ankara athens auckland baghdad bangkok beijing beirut belfast belgrade bogota bombay brisbane brussels bucharest budapest cairo calcutta capetown
caracas casablanca chennai copenhagen delhi dubai dublin edinburgh frankfurt geneva glasgow hamburg hanoi havana helsinki hongkong istanbul jakarta karachi
kiev kolkata krakow lahore lima lisbon lyon manila marseille montevideo montreal mumbai munich naples nairobi odessa oslo ottawa oxford cambridge
plymouth prague quebec riga rome rotterdam saigon salzburg santiago saopaulo sarajevo seoul seville shanghai singapore sofia stockholm stuttgart taipei
tehran telaviv tunis turin vancouver venice vienna vilnius warsaw wellington zagreb zurich
afghanistan albania algeria angola armenia austria azerbaijan bahrain belarus belgium bolivia bosnia bulgaria cambodia cameroon chile croatia cuba cyprus
denmark ecuador egypt estonia ethiopia finland ghana greece guatemala honduras hungary iceland indonesia iran iraq israel jordan kazakhstan kenya kuwait
latvia lebanon libya lithuania luxembourg malaysia malta mongolia morocco nepal netherlands newzealand nicaragua nigeria norway oman pakistan palestine
panama paraguay peru philippines poland qatar romania rwanda serbia slovakia slovenia somalia southafrica srilanka sudan sweden switzerland syria taiwan
tanzania thailand tunisia uganda ukraine uruguay venezuela vietnam yemen zambia zimbabwe
smith johnson williams jones miller davis garcia rodriguez martinez hernandez lopez gonzalez anderson thomas moore jackson thompson white harris sanchez
clark ramirez lewis robinson walker young allen wright scott torres nguyen hill flores adams nelson baker hall rivera campbell mitchell roberts gomez
phillips evans turner diaz cruz edwards collins reyes stewart morris morales rogers gutierrez ortiz peterson bailey reed kelly howard ramos cox ward
richardson watson brooks chavez wood bennett gray mendoza ruiz hughes price alvarez castillo sanders patel myers ross foster jimenez harrison hamilton
mueller muller schmidt schneider fischer weber meyer wagner becker schulz hoffmann schafer koch bauer richter klein wolf schroder neumann schwarz
ivanov smirnov petrov sidorov kuznetsov kowalski nowak novak silva santos oliveira souza rossi ferrari esposito bianchi dubois durand moreau
alexey alexei dmitry dmitri sergey sergei nikolai natalya svetlana tatiana ekaterina anastasia olga irina vladislav stanislav yaroslav ludmila
alejandro alejandra javier jorge jose juan luis manuel pablo rafael roberto santiago sofia valentina camila lucia
mateo giuseppe giorgio lorenzo matteo alessandro alessandra francesco francesca chiara giulia pierre jacques francois nathalie sylvie
wolfgang jurgen klaus dieter helmut heinrich friedrich sebastian matthias stefan steffen katharina johannes
arthur alan andre arnold bruce carl chuck clarence clyde craig curtis darren dean derek derrick dustin earl eddie edgar edwin elliot emmanuel ernest
eugene felix fletcher floyd francis fred garrett gary gerald gilbert glenn harold harry harvey henry howard hugo ian ivan jared jeff jeremiah jerry jesse
jim jimmy joe joel joey jon keith ken kent kurt kyle lance larry lee leo leon leonard leroy lewis lloyd louis lucas luke marc mark marvin maurice melvin
micheal milton mitch neil nick norman owen paul perry pete preston ralph randall randy ray reggie rick ricky rob roger roland ron roy russ ryan sam scott
sean shane shawn sidney ted terry theo theodore todd tom tony travis trevor troy tyrone vernon wade warren wayne wesley will willie
abigail adriana alice alicia alison alyssa anastasia angel anita april ariana audrey ava bella beth betty beverly brandi brenda brianna carla carol
carrie cathy chloe cindy claire colleen courtney crystal cynthia dana dawn debbie diana diane donna doris dorothy elaine elena ellen erica erin eva evelyn
faith felicia gina gloria gwendolyn heidi helen hilary holly ida irene iris isabel jane janet jean jenna jenny jill joan joanna jodie josephine joy joyce
juanita judith judy julia kaitlyn kara karina kate kathryn kayla kelsey kendra kim kristy kylie lacey lana leah lena leslie lisa lois lola lori lucy lydia
madeline mandy margarita marianne marilyn marissa mary maya megan melanie melinda mia michaela mindy miriam myra nadia nancy naomi nina nora norma
paige pam paula peggy penny phyllis priscilla rita robin rosa roxanne ruby ruth sally samara sasha selena serena shelby shelly sherry sierra sonia
stacey stacy summer susie tanya tara tasha tina tracy trisha vera vicky wanda wendy whitney yolanda zoe
cocacola pepsi sprite fanta nescafe nutella mcdonalds starbucks subway adidas nike puma reebok gucci prada chanel armani versace lego barbie disney
netflix amazon paypal spotify tiktok snapchat whatsapp telegram discord reddit wikipedia steam xbox valorant leagueoflegends overwatch apex skyrim
diablo tetris pacman sonic metroid kirby luigi bowser yoshi megaman tekken mortalkombat streetfighter finalfantasy kingdomhearts assassinscreed
intel nvidia pentium athlon motorola logitech panasonic toshiba siemens philips ericsson huawei xiaomi dell lenovo asus acer compaq thinkpad
boeing airbus airplane helicopter rocket spaceship starship satellite railroad locomotive motorcycle bicycle tractor cadillac pontiac chrysler buick
lincoln lexus volvo renault peugeot citroen fiat alfaromeo bentley rollsroyce astonmartin bugatti tesla
dinosaur triceratops velociraptor alligator crocodile albatross flamingo pelican ostrich peacock parrot sparrow swallow swan goose duckling rooster
hedgehog squirrel raccoon badger weasel otter ferret hamster kangaroo giraffe zebra camel donkey antelope gazelle elk reindeer rhinoceros hippopotamus
walrus seal octopus lobster shrimp salmon goldfish piranha barracuda stingray jellyfish starfish butterfly ladybug mosquito dragonfly grasshopper
cockroach tarantula beetle hornet bumblebee wasp labrador retriever doberman rottweiler chihuahua poodle beagle husky dachshund dalmatian greyhound
airborne infantry commando marines military sergeant lieutenant colonel general admiral commander captain sheriff marshal detective agent spy
guardian defender avenger punisher gladiator conqueror emperor overlord warlord wizard sorcerer paladin ranger rogue druid shaman
valhalla ragnarok atlantis olympus camelot excalibur avalon pandora oblivion inferno purgatory paradise nirvana utopia
twilight stardust eternity infinity immortal forever serenity harmony melody rhythm symphony orchestra saxophone trombone clarinet
ultimate supreme maximum premium original official personal national international global universal general special standard classic
software hardware program programmer programming function variable algorithm compiler terminal console interface protocol download upload
chocolate marshmallow lollipop snickers skittles gummybear cupcake pancake waffle doughnut muffin brownie pretzel popcorn milkshake lemonade
spaghetti lasagna macaroni meatball sausage bacon hamburger cheeseburger sandwich burrito taco nachos avocado broccoli mushroom cucumber eggplant
remember research pleasure mistress discover whocares goodluck goodtime hotstuff showtime playtime playground peekaboo
alpha beta gamma delta epsilon omega sigma big bad good hot old new my the one two three red cat dog boy girl man men baby king super
mega ultra hyper mini maxi top best great real true dark light moon sun sky sea ice snow rain wind rock stone steel iron wood metal
eye eyes head face heart hand foot ball balls bone blood brain fish bird fly home house land town city world time life day night go get i am is
you me we us not no yes in on of for with and to
plinth platform backend qwertyui asdfghjk
`;

/** The words, without repeats. */
export const commonWords: ReadonlySet<string> = new Set(words.split(/\s+/).filter((word) => word !== ''));
