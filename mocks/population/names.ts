/** Names by culture: short hand-made lists, combined at random. Every combination is invented. */
import type { Random } from "./random.ts";

/** `a` is the usual Latin spelling, `b` another one (no diacritics, or another transliteration), `own` the native script. */
type Spelling = { readonly a: string; readonly b?: string; readonly own?: string };

type Culture = {
  readonly male: readonly Spelling[];
  readonly female: readonly Spelling[];
  readonly family: readonly Spelling[];
  /** Two family names, the father's and the mother's. */
  readonly twoFamilyNames?: true;
  /** Family names that change with the bearer's sex: [male ending, female ending], Latin then own script. */
  readonly feminine?: readonly (readonly [string, string])[];
};

/** `usual|other|own`, separated by spaces; an underscore stands for a space in a name. */
function spellings(list: string): readonly Spelling[] {
  return list.split(/\s+/).map((entry) => {
    const [a, b, own] = entry.replaceAll("_", " ").split("|");
    return { a: a!, ...(b ? { b } : {}), ...(own ? { own } : {}) };
  });
}

export const cultures = {
  spanish: {
    twoFamilyNames: true,
    male: spellings(
      "José|Jose Ángel|Angel Óscar|Oscar Iván|Ivan Rubén|Ruben Andrés|Andres Mateo Wilmer Darwin Elmer Fredy Julián|Julian Joaquín|Joaquin Selvin Noé|Noe Ramón|Ramon",
    ),
    female: spellings(
      "María|Maria Verónica|Veronica Lucía|Lucia Belén|Belen Yesenia Marisol Inés|Ines Glenda Rocío|Rocio Daysi Andrea Yolanda Sofía|Sofia Keily Xiomara",
    ),
    family: spellings(
      "Núñez|Nunez Peña|Pena Zúñiga|Zuniga Ibáñez|Ibanez Cáceres|Caceres Argüello|Arguello Tzul Ajú|Aju Marroquín|Marroquin Bonilla Zelaya Orellana Ordóñez|Ordonez Villeda Chávez|Chavez Quiroga Bermúdez|Bermudez Ochoa Carías|Carias Montúfar|Montufar Lagos Urbina Ríos|Rios",
    ),
  },
  portuguese: {
    male: spellings("João|Joao Thiago|Tiago Antônio|Antonio Caíque|Caique Fábio|Fabio Luís|Luis Davi Renan"),
    female: spellings(
      "Conceição|Conceicao Júlia|Julia Antônia|Antonia Letícia|Leticia Bruna Camila Jussara Vitória|Vitoria",
    ),
    family: spellings(
      "Gonçalves|Goncalves Araújo|Araujo Simões|Simoes Conceição|Conceicao Brandão|Brandao Teixeira Falcão|Falcao Moura Guimarães|Guimaraes",
    ),
  },
  haitian: {
    male: spellings("Wisly Jean-Rodney|Jean_Rodney Frantzy Évens|Evens Guerlin Dieuseul|Dieu-Seul Stéphane|Stephane"),
    female: spellings("Mirlande Roseline Guerda Fabiola Widlène|Widlene Nadège|Nadege Islande"),
    family: spellings(
      "Désir|Desir Pierre-Louis|Pierre_Louis Saint-Juste|St_Juste Toussaint Exumé|Exume Belizaire Céant|Ceant Mésidor|Mesidor Dorvil",
    ),
  },
  arabic: {
    male: spellings(
      "Mahmoud|Mahmud|محمود Yousef|Yusuf|يوسف Khaled|Khalid|خالد Omar|Umar|عمر Hussein|Husayn|حسين Tarek|Tariq|طارق Bassam||بسام Sami||سامي",
    ),
    female: spellings(
      "Fatima|Fatma|فاطمة Noor|Nour|نور Mariam|Maryam|مريم Huda|Hoda|هدى Rasha||رشا Zainab|Zaynab|زينب Samar||سمر",
    ),
    family: spellings(
      "Al-Khatib|Elkhatib|الخطيب Haddad||حداد Al-Najjar|Alnajjar|النجار Darwish|Darwich|درويش Al-Masri|Elmasry|المصري Qasim|Kassem|قاسم Shaheen|Chahine|شاهين Barakat||بركات",
    ),
  },
  persian: {
    male: spellings("Reza|Riza|رضا Habib||حبیب Farhad||فرهاد Mohsen|Muhsin|محسن Nasir|Naser|ناصر Jawad|Javad|جواد"),
    female: spellings("Shirin||شیرین Laila|Leila|لیلا Parwin|Parvin|پروین Nasrin||نسرین Zohra|Zahra|زهرا"),
    family: spellings(
      "Rahimi||رحیمی Nazari||نظری Hosseini|Hussaini|حسینی Ahmadzai|Ahmadzay|احمدزی Sadat||سادات Karimi||کریمی Stanekzai|Stanikzai|ستانکزی",
    ),
  },
  russian: {
    feminine: [
      ["ov", "ova"],
      ["ев", "ева"],
      ["ов", "ова"],
      ["ev", "eva"],
      ["ёв", "ёва"],
      ["in", "ina"],
      ["ин", "ина"],
    ],
    male: spellings(
      "Dmitry|Dmitrii|Дмитрий Sergey|Sergei|Сергей Aleksandr|Alexander|Александр Yevgeny|Evgenii|Евгений Artyom|Artem|Артём Maksim|Maxim|Максим",
    ),
    female: spellings(
      "Yelena|Elena|Елена Tatyana|Tatiana|Татьяна Olga||Ольга Kseniya|Ksenia|Ксения Yuliya|Julia|Юлия Natalya|Natalia|Наталья",
    ),
    family: spellings(
      "Zhuravlyov|Zhuravlev|Журавлёв Kuznetsov|Kuznecov|Кузнецов Yershov|Ershov|Ершов Shcherbakov|Scherbakov|Щербаков Tikhonov|Tihonov|Тихонов Belyayev|Beliaev|Беляев Nikitin||Никитин",
    ),
  },
  ukrainian: {
    male: spellings(
      "Oleksandr|Alexander|Олександр Taras||Тарас Andriy|Andrii|Андрій Serhiy|Serhii|Сергій Bohdan|Bogdan|Богдан",
    ),
    female: spellings(
      "Oksana||Оксана Iryna|Irina|Ірина Solomiya|Solomiia|Соломія Halyna|Galina|Галина Nadiya|Nadiia|Надія",
    ),
    family: spellings(
      "Kovalenko||Коваленко Shevchuk|Shevchook|Шевчук Hrytsenko|Gritsenko|Гриценко Lysenko|Lisenko|Лисенко Yurchenko|Iurchenko|Юрченко",
    ),
  },
  chinese: {
    male: spellings("Wei||伟 Jianguo|Chien-kuo|建国 Haoran||浩然 Zhiqiang|Chih-chiang|志强 Ming||明 Yonghui||永辉"),
    female: spellings(
      "Xiuying|Hsiu-ying|秀英 Meilin|Mei-lin|美琳 Yan||燕 Lihua|Li-hua|丽华 Xiaoyu|Hsiao-yu|晓雨 Jing|Ching|静",
    ),
    family: spellings(
      "Lin||林 Zheng|Cheng|郑 Xu|Hsu|徐 Huang|Wong|黄 Ouyang|Au-Yeung|欧阳 Cai|Tsai|蔡 Zhou|Chou|周 Guo|Kuo|郭",
    ),
  },
  hindi: {
    male: spellings("Arjun||अर्जुन Suresh||सुरेश Vikram|Bikram|विक्रम Harish||हरीश Manoj||मनोज Deepak|Dipak|दीपक"),
    female: spellings("Priya||प्रिया Sunita||सुनीता Kavita|Kavitha|कविता Asha||आशा Pooja|Puja|पूजा Lakshmi|Laxmi|लक्ष्मी"),
    family: spellings(
      "Chaudhary|Choudhary|चौधरी Yadav||यादव Mishra|Misra|मिश्रा Joshi||जोशी Tripathi|Tripathy|त्रिपाठी Rawat||रावत",
    ),
  },
  nepali: {
    male: spellings("Bishnu|Vishnu|विष्णु Prakash||प्रकाश Dhan||धन Kiran||किरण"),
    female: spellings("Sita||सीता Maya||माया Sarita||सरिता Gita|Geeta|गीता"),
    family: spellings("Gurung||गुरुङ Tamang||तामाङ Adhikari||अधिकारी Thapa||थापा Bhattarai||भट्टराई"),
  },
  amharic: {
    male: spellings("Abebe||አበበ Tesfaye|Tesfay|ተስፋዬ Dawit|David|ዳዊት Bekele|Bekelle|በቀለ Yonas|Jonas|ዮናስ Solomon||ሰለሞን"),
    female: spellings("Hirut||ሂሩት Selam|Selamawit|ሰላም Tigist|Tgist|ትግስት Meron||ሜሮን Almaz||አልማዝ"),
    family: spellings(
      "Haile|Hayle|ኃይሌ Gebremariam|Gebre_Mariam|ገብረማርያም Wolde|Welde|ወልዴ Tadesse|Taddese|ታደሰ Mengistu||መንግስቱ",
    ),
  },
  korean: {
    male: spellings("Min-jun|Minjun|민준 Sung-ho|Seongho|성호 Ji-hoon|Jihun|지훈 Dong-hyun|Donghyeon|동현"),
    female: spellings("Seo-yeon|Suhyun|서연 Ji-woo|Jiwoo|지우 Hye-jin|Hyejin|혜진 Mi-sook|Misuk|미숙"),
    family: spellings("Kim|Gim|김 Lee|Yi|이 Park|Bak|박 Choi|Choe|최 Jung|Jeong|정 Yoon|Yun|윤"),
  },
  japanese: {
    male: spellings("Haruto||陽翔 Kenji||健二 Takumi||拓海 Yūta|Yuta|悠太"),
    female: spellings("Yōko|Yoko|洋子 Sakura||桜 Aoi||葵 Misaki||美咲"),
    family: spellings("Satō|Sato|佐藤 Ōno|Ohno|大野 Kobayashi||小林 Itō|Ito|伊藤 Yamaguchi||山口"),
  },
  turkish: {
    male: spellings("Çağrı|Cagri Yiğit|Yigit Ömer|Omer Şükrü|Sukru Emre İsmail|Ismail"),
    female: spellings("Gülşen|Gulsen Ayşe|Ayse Çiğdem|Cigdem Zübeyde|Zubeyde Elif"),
    family: spellings("Yıldız|Yildiz Öztürk|Ozturk Güneş|Gunes Kılıç|Kilic Aydın|Aydin Şahin|Sahin"),
  },
  vietnamese: {
    male: spellings("Đức|Duc Hữu_Phước|Huu_Phuoc Quốc_Bảo|Quoc_Bao Minh_Tuấn|Minh_Tuan"),
    female: spellings("Thị_Hồng|Thi_Hong Ngọc_Ánh|Ngoc_Anh Bích_Thủy|Bich_Thuy Lan_Hương|Lan_Huong"),
    family: spellings("Nguyễn|Nguyen Trần|Tran Phạm|Pham Đặng|Dang Võ|Vo Lý|Ly"),
  },
  westAfrican: {
    male: spellings("Chukwuemeka|Emeka Kwabena Babatunde|Tunde Mamadou|Mamadu Fru Ngala"),
    female: spellings("Ngozi Abena Aïssatou|Aissatou Folasade|Sade Bih Adjoa"),
    family: spellings("Okonkwo Asante Adeyemi Diallo|Jallow Ngwa Fombang Boateng Nwosu"),
  },
  european: {
    male: spellings("François|Francois Jürgen|Juergen Søren|Soren Mihai Łukasz|Lukasz Colm Gareth Björn|Bjorn"),
    female: spellings("Chloé|Chloe Zoë|Zoe Käthe|Kaethe Ștefania|Stefania Małgorzata|Malgorzata Siân|Sian Brígh|Brigh"),
    family: spellings(
      "Lefèvre|Lefevre Müller|Mueller Ångström|Angstrom Popescu Wójcik|Wojcik O’Riordan|ORiordan Straßer|Strasser Bjørnsen|Bjornsen Hathersage",
    ),
  },
} as const satisfies Readonly<Record<string, Culture>>;

export type CultureName = keyof typeof cultures;

export type Name = {
  readonly family: string;
  readonly given: string;
  readonly kind: "PRIMARY" | "ALIAS" | "NATIVE_SCRIPT";
};

/**
 * A person's names: the usual Latin one, for some an alias in another spelling, and the native script where there is one.
 * `familyNames` are those of a relative, so that a family shares them.
 */
export function inventNames(
  random: Random,
  culture: CultureName,
  sex: "M" | "F",
  familyNames?: readonly Spelling[],
): { readonly names: readonly Name[]; readonly familyNames: readonly Spelling[] } {
  const from: Culture = cultures[culture];
  const given = random.pick(sex === "M" ? from.male : from.female);
  const families =
    familyNames ??
    (from.twoFamilyNames ? [random.pick(from.family), random.pick(from.family)] : [random.pick(from.family)]);
  const join = (spelling: (each: Spelling) => string) =>
    families.map((each) => (sex === "F" ? feminine(spelling(each), from) : spelling(each))).join(" ");
  const names: Name[] = [{ family: join((each) => each.a), given: given.a, kind: "PRIMARY" }];
  const other = { family: join((each) => each.b ?? each.a), given: given.b ?? given.a };
  if (random.chance(0.3) && (other.family !== names[0]!.family || other.given !== given.a)) {
    names.push({ ...other, kind: "ALIAS" });
  }
  if (given.own !== undefined && families.every((each) => each.own !== undefined)) {
    names.push({ family: join((each) => each.own ?? each.a), given: given.own, kind: "NATIVE_SCRIPT" });
  }
  return { names, familyNames: families };
}

function feminine(name: string, culture: Culture): string {
  for (const [male, female] of culture.feminine ?? []) {
    if (name.endsWith(male)) return name.slice(0, -male.length) + female;
  }
  return name;
}
